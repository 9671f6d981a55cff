use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use jsonwebtoken::DecodingKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::config::{Hub, TokenKeyKind};
use crate::protocol::hub::Role;

const HOUR: Duration = Duration::from_secs(3600);
const SHOP: &str = "https://shop.example.org";

fn anna() -> UserId {
    UserId::new("anna@example.org").unwrap()
}

fn tokens() -> Tokens {
    Tokens::with_key(&[7; 32], HOUR, 24 * HOUR)
}

/// What an integrator has: a secret, and an Ed25519 key pair made by openssl.
struct Shop {
    directory: tempfile::TempDir,
    secret: Vec<u8>,
}

impl Shop {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        for args in [
            format!("genpkey -algorithm ed25519 -out {}", at("private.pem")),
            format!("pkey -in {} -pubout -out {}", at("private.pem"), at("public.pem")),
        ] {
            assert!(Command::new("openssl").args(args.split(' ')).status().unwrap().success());
        }
        fs::write(directory.path().join("secret"), format!("{}\n", "s".repeat(40))).unwrap();
        Self { directory, secret: "s".repeat(40).into_bytes() }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn keys(&self) -> [TokenKey; 2] {
        let key = |id: &str, kind| TokenKey { id: id.into(), issuer: SHOP.into(), kind, max_lifetime: 24 * HOUR };
        [key("hs", TokenKeyKind::Hs256(self.file("secret"))), key("ed", TokenKeyKind::Ed25519(self.file("public.pem")))]
    }

    fn tokens(&self) -> Tokens {
        let mut tokens = tokens();
        tokens.keys.extend(self.keys().iter().map(|key| Key::integrator(key).unwrap()));
        tokens
    }

    fn sign(&self, header: Value, claims: Value) -> String {
        let header: Header = serde_json::from_value(header).unwrap();
        let key = if header.alg == Algorithm::EdDSA {
            EncodingKey::from_ed_pem(&fs::read(self.file("private.pem")).unwrap()).unwrap()
        } else {
            EncodingKey::from_secret(&self.secret)
        };
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

fn claims(more: Value) -> Value {
    let mut claims = json!({"iss": SHOP, "aud": "callbox", "sub": "visitor-7", "iat": now_s(), "exp": now_s() + 600});
    for (key, value) in more.as_object().unwrap() {
        claims[key] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(key);
        }
    }
    claims
}

fn refusal(tokens: &Tokens, token: &str) -> String {
    let error = tokens.check(token, SystemTime::now()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unauthenticated);
    error.message
}

#[test]
fn k2_a_token_is_good_until_it_expires() {
    let (tokens, now) = (tokens(), SystemTime::now());
    let token = tokens.issue(&anna(), now).unwrap();
    let bearer = tokens.check(&token, now).unwrap();
    assert_eq!((bearer.id, bearer.user), (anna(), None));
    assert!(tokens.check(&token, now + HOUR - Duration::from_secs(1)).is_ok());
    let error = tokens.check(&token, now + HOUR).unwrap_err();
    assert!(error.kind == ErrorKind::Unauthenticated && error.message.contains("expired"), "{error}");
}

#[test]
fn a_refresh_token_is_no_access_token_and_the_other_way_round() {
    let (tokens, now) = (tokens(), SystemTime::now());
    let first = tokens.issue_refresh(&anna(), None, now).unwrap();
    let read = tokens.check_refresh(&first, now).unwrap();
    assert_eq!((&read.id, read.generation), (&anna(), 0));
    let second = tokens.check_refresh(&tokens.issue_refresh(&anna(), Some(&read), now + HOUR).unwrap(), now + HOUR).unwrap();
    assert_eq!((&second.family, second.generation), (&read.family, 1));
    assert!(refusal(&tokens, &first).contains("for somebody else"));
    assert!(tokens.check_refresh(&tokens.issue(&anna(), now).unwrap(), now).is_err());
    assert!(tokens.check_refresh(&first, now + 25 * HOUR).unwrap_err().contains("expired"));
}

#[test]
fn an_integrator_says_who_its_users_are() {
    let shop = Shop::new();
    let tokens = shop.tokens();
    for (kid, alg) in [("hs", "HS256"), ("ed", "EdDSA")] {
        let says = json!({"name": "Visitor", "role": "call_member", "teams": ["shop", "shop-2"], "aud": ["x", "callbox"]});
        let token = shop.sign(json!({"typ": "JWT", "alg": alg, "kid": kid}), claims(says));
        let bearer = tokens.check(&token, SystemTime::now()).unwrap();
        let user = bearer.user.unwrap();
        assert_eq!((bearer.id.as_str(), user.name.as_str()), ("visitor-7", "Visitor"));
        assert_eq!((user.role, user.teams.len()), (Role::call_member(), 2));
    }
    let plain = shop.sign(json!({"alg": "HS256", "kid": "hs"}), claims(json!({})));
    let user = tokens.check(&plain, SystemTime::now()).unwrap().user.unwrap();
    assert_eq!((user.name.as_str(), user.role, user.teams.len()), ("visitor-7", Role::user(), 0));
    let by_issuer = shop.sign(json!({"alg": "HS256"}), claims(json!({"iat": null, "exp": now_s() as f64 + 60.5})));
    assert!(tokens.check(&by_issuer, SystemTime::now()).is_ok(), "without a kid the issuer names the key");
}

#[test]
fn the_public_key_as_a_secret_is_refused() {
    let shop = Shop::new();
    let tokens = shop.tokens();
    let pem = fs::read(shop.file("public.pem")).unwrap();
    let raw = DecodingKey::from_ed_pem(&pem).unwrap().as_bytes().to_vec();
    for (secret, kid) in [(&pem, "ed"), (&raw, "ed"), (&pem, "hs"), (&pem, "hub"), (&raw, "hub")] {
        let header = Header { kid: Some(kid.into()), ..Header::new(Algorithm::HS256) };
        let iss = if kid == "hub" { ISSUER } else { SHOP };
        let forged = jsonwebtoken::encode(&header, &claims(json!({"iss": iss})), &EncodingKey::from_secret(secret)).unwrap();
        assert!(refusal(&tokens, &forged).contains("nor signed by a key that it knows"), "{kid}");
    }
    let private = TokenKey { kind: TokenKeyKind::Ed25519(shop.file("private.pem")), ..shop.keys()[1].clone() };
    assert!(Key::integrator(&private).err().unwrap().to_string().contains("private.pem"));
}

#[test]
fn a_forged_token_is_refused() {
    let shop = Shop::new();
    let tokens = shop.tokens();
    let now = SystemTime::now();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let own = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "anna@example.org", "iat": 0, "exp": now_s() + 60});
    let bare = |header: Value, claims: &Value| format!("{}.{}.", part(&header), part(claims));
    let other = Tokens::with_key(&[8; 32], HOUR, HOUR).issue(&anna(), now).unwrap();
    let good = tokens.issue(&anna(), now).unwrap();
    let (head, _) = good.rsplit_once('.').unwrap();
    for token in [
        other,
        bare(json!({"alg": "none", "typ": "JWT"}), &own),
        bare(json!({"alg": "NONE", "kid": "hub"}), &own),
        bare(json!({"alg": "HS256", "kid": "hub"}), &own),
        bare(json!({"alg": "EdDSA", "kid": "ed"}), &claims(json!({}))),
        bare(json!({"kid": "hub"}), &own),
        format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 32])),
        format!("{good}.more"),
        shop.sign(json!({"alg": "HS256", "kid": "hub"}), own.clone()),
        shop.sign(json!({"alg": "HS256", "kid": "nobody's"}), claims(json!({}))),
        shop.sign(json!({"alg": "HS256"}), claims(json!({"iss": "elsewhere"}))),
        shop.sign(json!({"alg": "HS384", "kid": "hs"}), claims(json!({}))),
    ] {
        let message = refusal(&tokens, &token);
        assert!(message.contains("not one of this hub"), "{token}: {message}");
    }
    for token in ["", "a.b.c", "\u{0}", "..", &"x".repeat(8000)] {
        assert!(refusal(&tokens, token).contains("not a JWT"), "{token}");
    }
    assert!(refusal(&tokens, &"x".repeat(100_000)).contains("too long"));
    let critical = format!("{}.{}.", part(&json!({"alg": "HS256", "kid": "hs", "crit": ["exp"]})), part(&claims(json!({}))));
    assert!(refusal(&tokens, &critical).contains("crit"));
}

#[test]
fn claims_that_do_not_fit_are_refused_with_the_reason() {
    let shop = Shop::new();
    let tokens = shop.tokens();
    let now = now_s();
    for (more, why) in [
        (json!({"aud": "another"}), "for somebody else"),
        (json!({"aud": null}), "no `aud`"),
        (json!({"iss": "https://other"}), "wrong `iss`"),
        (json!({"iss": ISSUER}), "wrong `iss`"),
        (json!({"iss": null}), "no `iss`"),
        (json!({"exp": now - 1}), "expired"),
        (json!({"exp": -1}), "expired"),
        (json!({"exp": null}), "no `exp`"),
        (json!({"exp": "tomorrow"}), "do not fit"),
        (json!({"exp": now + 365 * 86_400}), "too long"),
        (json!({"exp": 1e300}), "too long"),
        (json!({"iat": now - 365 * 86_400}), "too long"),
        (json!({"iat": now + 3600, "exp": now + 7200}), "not valid yet"),
        (json!({"nbf": now + 3600}), "not valid yet"),
        (json!({"sub": "no blanks"}), "`sub`"),
        (json!({"sub": null}), "no `sub`"),
        (json!({"role": "a b"}), "`role`"),
        (json!({"name": "x".repeat(200)}), "`name`"),
        (json!({"name": "a\nb"}), "`name`"),
        (json!({"teams": ["a b"]}), "`teams`"),
        (json!({"teams": "a"}), "do not fit"),
        (json!({"teams": vec!["a"; 33]}), "too many"),
    ] {
        let token = shop.sign(json!({"alg": "EdDSA", "kid": "ed"}), claims(more.clone()));
        let message = refusal(&tokens, &token);
        assert!(message.contains(why), "{more}: {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_is_a_token_and_none_panics(text in "(\\PC{0,60}|[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40})") {
        let tokens = tokens();
        prop_assert!(tokens.check(&text, SystemTime::now()).is_err() && tokens.check_refresh(&text, SystemTime::now()).is_err());
    }

    #[test]
    fn a_token_with_one_character_changed_is_refused(at in 0..1000usize, new in "[A-Za-z0-9_.=-]") {
        let (tokens, now) = (tokens(), SystemTime::now());
        let good = tokens.issue(&anna(), now).unwrap();
        let at = at % good.len();
        let changed = format!("{}{new}{}", &good[..at], &good[at + 1..]);
        prop_assert_eq!(tokens.check(&changed, now).is_ok(), changed == good);
    }

    #[test]
    fn whatever_is_claimed_a_bad_signature_is_refused(claims in "\\PC{0,200}", kid in "(hub|hs|ed|\\PC{0,10})") {
        let header = json!({"alg": "HS256", "kid": kid}).to_string();
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let token = format!("{}.{}.{}", part(&header), part(&claims), part("0123456789abcdef0123456789abcdef"));
        prop_assert!(tokens().check(&token, SystemTime::now()).is_err());
    }
}

#[test]
fn the_hubs_key_is_made_once_and_kept_from_others() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.key");
    let open = || Tokens::open(&path, HOUR, HOUR, &[]);
    assert!(keys::read_existing(&path).unwrap_err().to_string().contains("start the hub once"));
    let token = open().unwrap().issue(&anna(), SystemTime::now()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(open().unwrap().check(&token, SystemTime::now()).is_ok());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(open().unwrap_err().to_string().contains("chmod 600"));
    fs::write(&path, "short").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open().unwrap_err().to_string().contains("32 bytes"));
}

#[test]
fn a_minted_token_is_believed_and_a_key_that_does_not_fit_is_found_at_once() {
    let shop = Shop::new();
    let state_directory = shop.directory.path().to_owned();
    let config = Hub { state_directory, token_keys: shop.keys().to_vec(), ..Hub::default() };
    let open = || Tokens::open(&config.state_directory.join("token.key"), HOUR, HOUR, &config.token_keys).unwrap();
    let tokens = open();
    let user = User { role: Role::admin(), ..User::new(anna()) };
    let minted =
        |key, key_file: Option<&Path>, hours| mint(&config, &Minted { user: user.clone(), lifetime: HOUR * hours, key, key_file });
    let (private, public) = (shop.file("private.pem"), shop.file("public.pem"));
    for token in [minted(None, None, 1), minted(Some("hs"), None, 1), minted(Some("ed"), Some(&private), 1)] {
        let bearer = tokens.check(&token.unwrap(), SystemTime::now()).unwrap();
        assert_eq!(bearer.user.unwrap(), user);
    }
    let why = |minted: Result<String, Error>| minted.unwrap_err().to_string();
    assert!(why(minted(Some("no"), None, 1)).contains("[[token-key]]"));
    assert!(why(minted(Some("ed"), None, 1)).contains("--key-file"));
    assert!(why(minted(Some("ed"), Some(&public), 1)).contains("no private key"));
    assert!(why(minted(Some("hs"), None, 48)).contains("too long"));
    let another_shop = Shop::new();
    let other = another_shop.file("private.pem");
    assert!(why(minted(Some("ed"), Some(&other), 1)).contains("not one of this hub"));
}
