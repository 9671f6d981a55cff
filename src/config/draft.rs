//! A file of the configuration as somebody would have it: what would be said of it, before it is written.

use std::path::{Path, PathBuf};

use super::{Appliance, Inputs, Layers, Loaded, Report, appliance_layers, finish, read_appliance, report};

/// The files that the appliance's configuration is read from, later ones override earlier ones.
pub fn appliance_files(inputs: &Inputs) -> Vec<PathBuf> {
    appliance_layers(inputs, Layers::default()).map.files().collect()
}

/// Reads the appliance's configuration as if this were in that file.
pub fn try_appliance(inputs: &Inputs, file: &Path, text: &str) -> Result<Loaded<Appliance>, Report> {
    let layers = Layers { instead: Some((file.to_owned(), text.to_owned())), ..Layers::default() };
    let layers = appliance_layers(inputs, layers);
    finish(layers, |reading, root| read_appliance::read(reading, root, inputs.credentials.as_deref())).map(|(loaded, _)| loaded)
}

/// The first line that seems to hold a secret, counted from 1. None belongs into a configuration, also not behind a `#`.
pub fn secret_line(text: &str) -> Option<usize> {
    let line = |line: &str| {
        let bare = line.trim_start_matches(['#', ' ', '\t']);
        let is_setting =
            bare.split_once('=').is_some_and(|(key, _)| key.trim().chars().all(|c| c.is_alphanumeric() || "-_.\"".contains(c)));
        (is_setting || !line.trim_start().starts_with('#')) && report::is_secret(bare)
    };
    text.lines().position(line).map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_a_configuration_is_found_and_its_file_is_none() {
        assert_eq!(secret_line("[hub]\n# the password is elsewhere\npassword-file = \"/etc/password\"\n"), None);
        assert_eq!(secret_line("[hub]\nurl = \"wss://hub\"\npassword = \"correct horse\"\n"), Some(3));
        assert_eq!(secret_line("#password = \"correct horse\"\n"), Some(1));
        assert_eq!(secret_line("url = \"wss://me:you@hub\"\n"), Some(1));
        assert_eq!(secret_line(super::super::MANUAL), None);
    }

    #[test]
    fn a_draft_is_read_in_place_of_its_file_and_the_file_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let (file, drop_in) = (directory.path().join("door.toml"), directory.path().join("door.d/50-site.toml"));
        let password = directory.path().join("password");
        std::fs::create_dir(directory.path().join("door.d")).unwrap();
        std::fs::write(&password, "secret").unwrap();
        std::fs::set_permissions(&password, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&file, "[hub]\nurl = \"wss://hub\"\nuser = \"door\"\npassword-file = \"password\"\n").unwrap();
        std::fs::write(&drop_in, "[camera]\nwidth = 640\n").unwrap();
        let inputs = Inputs { file: Some(file.clone()), ..Inputs::default() };
        assert_eq!(appliance_files(&inputs), [file, drop_in.clone()]);
        assert_eq!(try_appliance(&inputs, &drop_in, "[camera]\nwidth = 320\n").unwrap().config.camera.width, 320);
        let report = try_appliance(&inputs, &drop_in, "\n[camera]\nwidth = 321\n").unwrap_err().to_json();
        assert_eq!((report["problems"][0]["at"]["line"].clone(), report["ok"].clone()), (3.into(), false.into()));
        assert_eq!(std::fs::read_to_string(&drop_in).unwrap(), "[camera]\nwidth = 640\n");
    }
}
