//! Key services on other machines, against fakes that check what they are asked.

use std::sync::{Arc, Mutex};

use aboard_vault::{
    Kms, KmsError, Secret, SystemEntropy, canary_check, canary_seal,
    remote::{AwsCredentials, AwsKms, Exchange, Request, Response, Transit},
    wallet::Custody,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::wallet::{HERE, parts, vault};

/// Address, headers and body of a call.
type Asked = (String, Vec<(String, String)>, Value);

/// What it answers is what it was asked, in the service's own words; `fault` answers instead.
#[derive(Default)]
struct Fake {
    asked: Mutex<Vec<Asked>>,
    fault: Mutex<Option<(u16, String)>>,
    away: Mutex<bool>,
}

impl Fake {
    fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().unwrap().clone()
    }

    fn header(&self, name: &str) -> String {
        let (_, headers, _) = self.last();
        let found = headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn answer(url: &str, headers: &[(String, String)], body: &Value) -> (u16, Value) {
        if url.contains("/encrypt/") {
            let kept = BASE64_STANDARD.encode(body.to_string());
            return (
                200,
                json!({"data": {"ciphertext": format!("vault:v1:{kept}"), "key_version": 1}}),
            );
        }
        let kept = |text: &str| -> Value {
            let bytes = BASE64_STANDARD.decode(text).unwrap();
            serde_json::from_slice(&bytes).unwrap_or_default()
        };
        if url.contains("/decrypt/") {
            let kept = kept(&body["ciphertext"].as_str().unwrap()["vault:v1:".len()..]);
            if kept["associated_data"] != body["associated_data"] {
                return (400, json!({"errors": ["cipher: message authentication failed"]}));
            }
            return (200, json!({"data": {"plaintext": kept["plaintext"]}}));
        }
        let target = headers.iter().find(|(name, _)| name == "x-amz-target").unwrap();
        if target.1 == "TrentService.Encrypt" {
            let blob = BASE64_STANDARD.encode(body.to_string());
            return (200, json!({"CiphertextBlob": blob, "KeyId": body["KeyId"]}));
        }
        let kept = kept(body["CiphertextBlob"].as_str().unwrap());
        if kept["EncryptionContext"] != body["EncryptionContext"] || kept["KeyId"] != body["KeyId"] {
            return (400, json!({"__type": "com.amazonaws.kms#InvalidCiphertextException"}));
        }
        (200, json!({"Plaintext": kept["Plaintext"], "KeyId": body["KeyId"]}))
    }
}

struct Shared(Arc<Fake>);

impl Exchange for Shared {
    fn send(&self, request: &Request) -> Result<Response, String> {
        if *self.0.away.lock().unwrap() {
            return Err("timeout".to_owned());
        }
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect();
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let (status, answer) = Fake::answer(&request.url, &headers, &body);
        self.0.asked.lock().unwrap().push((request.url.clone(), headers, body));
        let (status, answer) = match &*self.0.fault.lock().unwrap() {
            Some((status, text)) => (*status, text.clone()),
            None => (status, answer.to_string()),
        };
        Ok(Response {
            status,
            body: Secret::new(answer.into_bytes()),
        })
    }

    fn now(&self) -> u64 {
        1_440_938_160
    }
}

const ARN: &str = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn transit(fake: &Arc<Fake>, key: &str) -> Transit<Shared> {
    let token = Secret::new(b"hvs.token".to_vec());
    Transit::new(Shared(fake.clone()), "https://vault.test:8200/v1/transit/", key, token)
}

fn aws(fake: &Arc<Fake>, session: Option<&str>) -> AwsKms<Shared> {
    let credentials = AwsCredentials {
        access_key: "AKIDEXAMPLE".to_owned(),
        secret_key: Secret::new(b"secret".to_vec()),
        session: session.map(|token| Secret::new(token.as_bytes().to_vec())),
    };
    AwsKms::new(Shared(fake.clone()), "eu-central-1", ARN, credentials)
}

/// What a KMS has to do, whichever it is.
fn keeps_its_promises(kms: &dyn Kms, fake: &Fake) {
    let wrapped = kms.wrap(b"aad", b"a key of 32 bytes, or not", &SystemEntropy).unwrap();
    let opened = kms.unwrap_key(b"aad", &wrapped).ok().unwrap();
    assert_eq!(opened.expose(), b"a key of 32 bytes, or not");
    assert_eq!(kms.unwrap_key(b"other", &wrapped).err(), Some(KmsError::Refused));
    assert!(canary_check(kms, &canary_seal(kms, &SystemEntropy).unwrap()).is_ok());

    let before = fake.asked.lock().unwrap().len();
    for malformed in [&[][..], &[9], &wrapped[..1], &[1; 80]] {
        assert_eq!(kms.unwrap_key(b"aad", malformed).err(), Some(KmsError::Malformed));
    }
    // Nobody was asked about what cannot be a wrapped key.
    assert_eq!(fake.asked.lock().unwrap().len(), before);

    for (status, body) in [(503, "{}"), (403, "{}"), (200, "{}"), (200, "no json"), (200, "")] {
        *fake.fault.lock().unwrap() = Some((status, body.to_owned()));
        assert!(
            matches!(kms.unwrap_key(b"aad", &wrapped), Err(KmsError::Unavailable(_))),
            "{status} {body}"
        );
        assert!(matches!(
            kms.wrap(b"aad", b"x", &SystemEntropy),
            Err(KmsError::Unavailable(_))
        ));
    }
    *fake.fault.lock().unwrap() = None;
    *fake.away.lock().unwrap() = true;
    let away = KmsError::Unavailable("timeout".to_owned());
    assert_eq!(kms.unwrap_key(b"aad", &wrapped).err(), Some(away));
    *fake.away.lock().unwrap() = false;
}

#[test]
fn transit_wraps_and_unwraps() {
    let fake = Arc::new(Fake::default());
    let kms = transit(&fake, "aboard");
    assert_eq!(kms.id(), "transit:aboard");
    keeps_its_promises(&kms, &fake);
}

#[test]
fn transit_is_asked_as_its_documentation_says() {
    let fake = Arc::new(Fake::default());
    let kms = transit(&fake, "aboard");
    let wrapped = kms.wrap(b"aad", b"key", &SystemEntropy).unwrap();
    let (url, _, body) = fake.last();
    assert_eq!(url, "https://vault.test:8200/v1/transit/encrypt/aboard");
    assert_eq!(fake.header("x-vault-token"), "hvs.token");
    assert_eq!(body, json!({"plaintext": "a2V5", "associated_data": "YWFk"}));
    kms.unwrap_key(b"aad", &wrapped).ok().unwrap();
    let (url, _, body) = fake.last();
    assert_eq!(url, "https://vault.test:8200/v1/transit/decrypt/aboard");
    assert!(body["ciphertext"].as_str().unwrap().starts_with("vault:v1:"));
    assert_eq!(body["associated_data"], "YWFk");
}

#[test]
fn aws_wraps_and_unwraps() {
    let fake = Arc::new(Fake::default());
    let kms = aws(&fake, None);
    assert_eq!(kms.id(), format!("aws:{ARN}"));
    keeps_its_promises(&kms, &fake);
}

#[test]
fn aws_is_asked_with_a_signature() {
    let fake = Arc::new(Fake::default());
    for session in [None, Some("session")] {
        let kms = aws(&fake, session);
        kms.wrap(b"aad", b"key", &SystemEntropy).unwrap();
        let (url, _, body) = fake.last();
        assert_eq!(url, "https://kms.eu-central-1.amazonaws.com/");
        assert_eq!(fake.header("x-amz-target"), "TrentService.Encrypt");
        assert_eq!(fake.header("x-amz-date"), "20150830T123600Z");
        assert_eq!(fake.header("x-amz-security-token"), session.unwrap_or_default());
        assert_eq!((&body["KeyId"], &body["Plaintext"]), (&json!(ARN), &json!("a2V5")));
        // The context goes into AWS' log: it is a hash.
        let context = BASE64_STANDARD.encode(aboard_vault::sha256(b"aad"));
        assert_eq!(body["EncryptionContext"], json!({"aboard": context}));
        let authorization = fake.header("authorization");
        let scope = "Credential=AKIDEXAMPLE/20150830/eu-central-1/kms/aws4_request";
        let names = match session {
            None => "SignedHeaders=content-type;host;x-amz-date;x-amz-target,",
            Some(_) => "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target,",
        };
        assert!(
            authorization.contains(scope) && authorization.contains(names),
            "{authorization}"
        );
    }
}

#[test]
fn a_value_names_the_key_that_wrapped_it() {
    let fake = Arc::new(Fake::default());
    let (one, two) = (transit(&fake, "one"), transit(&fake, "two"));
    let wrapped = one.wrap(b"aad", b"key", &SystemEntropy).unwrap();
    let wrong = KmsError::WrongKey {
        loaded: "transit:two".to_owned(),
        found: "transit:one".to_owned(),
    };
    assert_eq!(two.unwrap_key(b"aad", &wrapped).err(), Some(wrong));
    assert_eq!(
        aws(&fake, None).unwrap_key(b"aad", &wrapped).err(),
        Some(KmsError::Malformed)
    );
}

/// What an answer says beyond the name of its error stays out of messages.
#[test]
fn answers_are_not_quoted() {
    let fake = Arc::new(Fake::default());
    let kms = aws(&fake, None);
    *fake.fault.lock().unwrap() = Some((400, json!({"__type": "a b c d", "message": "hunter2"}).to_string()));
    let error = kms.wrap(b"aad", b"key", &SystemEntropy).unwrap_err();
    assert_eq!(error, KmsError::Unavailable("it answered 400".to_owned()));
    *fake.fault.lock().unwrap() = Some((
        400,
        json!({"__type": "ThrottlingException", "message": "hunter2"}).to_string(),
    ));
    let error = kms.wrap(b"aad", b"key", &SystemEntropy).unwrap_err();
    assert_eq!(
        error,
        KmsError::Unavailable("it answered ThrottlingException".to_owned())
    );
}

#[test]
fn a_wallet_moves_from_the_key_file_to_a_service() {
    let (file, fake) = (crate::support::key_file(), Arc::new(Fake::default()));
    let service = transit(&fake, "aboard");
    let created = crate::wallet::made(&file, Custody::Shared);
    let key = created
        .wallet
        .rewrap(&file, &service, &HERE, &SystemEntropy)
        .ok()
        .unwrap();
    let moved = aboard_vault::wallet::SealedWallet::from_columns(key, created.wallet.body().to_vec());
    let moved = moved.ok().unwrap();
    let half = created.secret0.half();
    let open = moved.open(&service, &HERE, Some(&half)).ok().unwrap();
    assert_eq!(parts(&vault(), &created, &open), [true; 4]);
    // An unwrapped key serves without the service.
    let key = moved.unwrap_key(&service, &HERE).ok().unwrap();
    *fake.away.lock().unwrap() = true;
    assert!(moved.open_with(&key, &HERE, Some(&half)).ok().unwrap().evm().is_ok());
    assert!(moved.open(&service, &HERE, Some(&half)).is_err());
}
