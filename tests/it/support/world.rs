//! An organization with both environments, a partner and a server key in each.

use aboard::domain::{
    ApiKey, EnvironmentId, EnvironmentKind, KeyId, KeyKind, NewKey, OrganizationId, PartnerId, RootKeyId, SigningKeyId,
    WebhookSecretId,
};
use aboard::store::{
    Credential, NewApiKey, NewEnvironment, NewInstance, NewOrganization, NewPartner, NewRootKey, NewSigningKey,
    NewWebhookSecret, PartnerScope, ServerScope,
};

use super::store::TestStore;

/// One organization.
pub struct World {
    pub sandbox: Plane,
    pub production: Plane,
}

/// One environment with a partner and a key of its back end.
pub struct Plane {
    pub id: EnvironmentId,
    pub kind: EnvironmentKind,
    pub partner: Partner,
    pub server: ServerScope,
}

/// A partner and its key.
pub struct Partner {
    pub id: PartnerId,
    pub key: ApiKey,
    pub scope: PartnerScope,
    pub secret: WebhookSecretId,
    pub sealed_secret: Vec<u8>,
}

impl TestStore {
    /// Sets up the instance, if it is not, and a new organization.
    pub async fn world(&self) -> World {
        self.create_instance(self.system(), self.instance_of("kek"), self.now())
            .await
            .unwrap();
        let new = self.organization_of("Acme");
        let environments = new.environments.clone();
        self.create_organization(&self.admin(), new, self.now()).await.unwrap();
        World {
            sandbox: self.plane(&environments[0]).await,
            production: self.plane(&environments[1]).await,
        }
    }

    pub fn instance_of(&self, kek_id: &str) -> NewInstance {
        let root_key = |purpose| NewRootKey {
            id: RootKeyId(self.ids.id()),
            purpose,
            wrapped: self.bytes(),
        };
        NewInstance {
            kek_id: kek_id.to_owned(),
            canary: self.bytes(),
            root_keys: vec![root_key("seal"), root_key("code")],
        }
    }

    pub fn organization_of(&self, name: &str) -> NewOrganization {
        let environments = EnvironmentKind::ALL.map(|kind| NewEnvironment {
            id: EnvironmentId(self.ids.id()),
            kind,
            signing_key: NewSigningKey {
                id: SigningKeyId(self.ids.id()),
                public_key: self.bytes(),
                sealed: self.bytes(),
            },
        });
        NewOrganization {
            id: OrganizationId(self.ids.id()),
            name: name.to_owned(),
            environments: environments.into(),
        }
    }

    async fn plane(&self, environment: &NewEnvironment) -> Plane {
        let NewEnvironment { id, kind, .. } = *environment;
        let server = self.key(KeyKind::Server, id, kind, id.0).await;
        let server = self.credential(&server).await.server_scope().expect("a server key");
        Plane {
            id,
            kind,
            partner: self.partner(id, kind, "Wrapp").await,
            server,
        }
    }

    /// A partner with a key.
    pub async fn partner(&self, environment: EnvironmentId, kind: EnvironmentKind, name: &str) -> Partner {
        let new = self.partner_of(environment, name);
        let (id, secret, sealed_secret) = (new.id, new.secret.id, new.secret.sealed.clone());
        self.create_partner(&self.admin(), new, self.now()).await.unwrap();
        let key = self.key(KeyKind::Partner, environment, kind, id.0).await;
        let scope = self.credential(&key).await.partner_scope().expect("a partner key");
        Partner {
            id,
            key,
            scope,
            secret,
            sealed_secret,
        }
    }

    /// The secret that signs what a call with a partner's key brings about.
    pub async fn signs_with(&self, partner: &Partner) -> Option<WebhookSecretId> {
        let presented = self.authenticate(&partner.key, self.now()).await.unwrap();
        presented.expect("the key is good").webhook_secret
    }

    pub fn partner_of(&self, environment: EnvironmentId, name: &str) -> NewPartner {
        NewPartner {
            id: PartnerId(self.ids.id()),
            environment,
            name: name.to_owned(),
            secret: NewWebhookSecret {
                id: WebhookSecretId(self.ids.id()),
                sealed: self.bytes(),
            },
        }
    }

    /// A stored key.
    pub async fn key(
        &self,
        kind: KeyKind,
        environment: EnvironmentId,
        environment_kind: EnvironmentKind,
        owner: uuid::Uuid,
    ) -> ApiKey {
        let key = NewKey::new(kind, environment_kind, self.ids.id(), self.ids.secret());
        self.create_key(&self.admin(), api_key_of(&key, environment, owner), self.now())
            .await
            .unwrap();
        key.key
    }

    async fn credential(&self, key: &ApiKey) -> Credential {
        let presented = self.authenticate(key, self.now()).await.unwrap();
        presented.expect("the key is good").credential.clone()
    }

    /// Fresh bytes that stand for something sealed.
    pub fn bytes(&self) -> Vec<u8> {
        self.ids.secret::<32>().to_vec()
    }
}

pub fn api_key_of(key: &NewKey, environment: EnvironmentId, owner: uuid::Uuid) -> NewApiKey {
    NewApiKey {
        id: KeyId(key.key.id),
        environment,
        kind: key.key.kind,
        owner,
        name: "a key".to_owned(),
        hash: key.key.hash,
        hint: key.hint(),
        scopes: match key.key.kind {
            KeyKind::Server => vec!["users".to_owned(), "users:token".to_owned()],
            _ => Vec::new(),
        },
        per_minute: None,
    }
}
