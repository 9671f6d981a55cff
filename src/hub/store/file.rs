//! The embedded store: one redb file in the state directory.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, TableDefinition};

use super::{Entry, Error, Store, Write};

const ENTRIES: TableDefinition<'_, &str, (u64, &[u8])> = TableDefinition::new("entries");
const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");
const FORMAT: u64 = 1;
/// The calls are held in memory anyway: the engine's cache only helps writing.
const CACHE: usize = 4 << 20;

/// A store in one file.
#[derive(Debug)]
pub struct FileStore {
    database: Database,
}

impl FileStore {
    /// Opens the file, or makes a new one. After a crash the file is repaired first.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unusable = |source| Error::File { path: path.display().to_string(), source };
        // What people store with their calls is theirs: nobody else on this machine reads it.
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(unusable)?;
        let opened = FileBackend::new(file).and_then(|file| Builder::new().set_cache_size(CACHE).create_with_backend(file));
        if let Err(DatabaseError::DatabaseAlreadyOpen) = opened {
            return Err(Error::InUse(path.display().to_string()));
        }
        let database = opened.map_err(|e| Error::Engine(e.into()))?;
        let store = Self { database };
        let found = store.prepare().map_err(Error::Engine)?;
        if found != FORMAT {
            return Err(Error::Format { path: path.display().to_string(), found, known: FORMAT });
        }
        Ok(store)
    }

    /// Makes the tables and returns the format of the file.
    fn prepare(&self) -> Result<u64, redb::Error> {
        let transaction = self.database.begin_write()?;
        let format = {
            transaction.open_table(ENTRIES)?;
            let mut meta = transaction.open_table(META)?;
            let found = meta.get("format")?.map(|value| value.value());
            if found.is_none() {
                meta.insert("format", FORMAT)?;
            }
            found.unwrap_or(FORMAT)
        };
        transaction.commit()?;
        Ok(format)
    }

    fn read(&self, key: &str) -> Result<Option<Entry>, redb::Error> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        let found = table.get(key)?.map(|value| entry(value.value()));
        Ok(found)
    }

    fn write(&self, writes: &[Write]) -> Result<Result<Vec<u64>, Error>, redb::Error> {
        let transaction = self.database.begin_write()?;
        let mut revisions = Vec::with_capacity(writes.len());
        {
            let mut table = transaction.open_table(ENTRIES)?;
            for Write { key, value, expected } in writes {
                let found = table.get(key.as_str())?.map_or(0, |value| value.value().0);
                if found != *expected {
                    return Ok(Err(Error::Conflict { key: key.clone(), expected: *expected, found }));
                }
                table.insert(key.as_str(), (found + 1, value.as_slice()))?;
                revisions.push(found + 1);
            }
        }
        transaction.commit()?;
        Ok(Ok(revisions))
    }

    fn scan(&self, prefix: &str) -> Result<Vec<(String, Entry)>, redb::Error> {
        let table = self.database.begin_read()?.open_table(ENTRIES)?;
        let mut found = Vec::new();
        for row in table.range(prefix..)? {
            let (key, value) = row?;
            if !key.value().starts_with(prefix) {
                break;
            }
            found.push((key.value().to_owned(), entry(value.value())));
        }
        Ok(found)
    }
}

fn entry((revision, value): (u64, &[u8])) -> Entry {
    Entry { revision, value: value.to_vec() }
}

impl Store for FileStore {
    fn get(&self, key: &str) -> Result<Option<Entry>, Error> {
        let found = self.read(key)?;
        Ok(found)
    }

    fn put_if_revision(&self, writes: &[Write]) -> Result<Vec<u64>, Error> {
        let revisions = self.write(writes)??;
        Ok(revisions)
    }

    fn list(&self, prefix: &str) -> Result<Vec<(String, Entry)>, Error> {
        let found = self.scan(prefix)?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, value: &str, expected: u64) -> Write {
        Write { key: key.into(), value: value.into(), expected }
    }

    #[test]
    fn what_was_written_is_there_after_opening_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hub.redb");
        let store = FileStore::open(&path).unwrap();
        assert_eq!(
            store.put_if_revision(&[write("call/a", "1", 0), write("call/b", "2", 0), write("other", "3", 0)]).unwrap(),
            [1, 1, 1]
        );
        assert_eq!(store.put_if_revision(&[write("call/a", "4", 1)]).unwrap(), [2]);
        drop(store);
        let store = FileStore::open(&path).unwrap();
        assert_eq!(store.get("call/a").unwrap().unwrap(), Entry { revision: 2, value: b"4".to_vec() });
        let keys: Vec<_> = store.list("call/").unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["call/a", "call/b"]);
        assert_eq!(store.get("call/c").unwrap(), None);
    }

    #[test]
    fn a_write_over_somebody_elses_is_refused_and_its_batch_with_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(&directory.path().join("hub.redb")).unwrap();
        store.put_if_revision(&[write("a", "1", 0)]).unwrap();
        let error = store.put_if_revision(&[write("b", "1", 0), write("a", "2", 0)]).unwrap_err();
        assert!(matches!(error, Error::Conflict { expected: 0, found: 1, .. }), "{error}");
        assert_eq!(store.get("b").unwrap(), None);
    }

    #[test]
    fn only_the_owner_may_read_the_file_and_what_is_no_store_is_left_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hub.redb");
        FileStore::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let other = directory.path().join("other");
        std::fs::write(&other, "x".repeat(10_000)).unwrap();
        assert!(FileStore::open(&other).is_err());
        assert_eq!(std::fs::read_to_string(&other).unwrap().len(), 10_000);
    }

    #[test]
    fn two_hubs_do_not_share_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hub.redb");
        let _first = FileStore::open(&path).unwrap();
        assert!(matches!(FileStore::open(&path).unwrap_err(), Error::InUse(_)));
    }
}
