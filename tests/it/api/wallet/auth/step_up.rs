//! Codes that ask somebody who is signed in for a fresh proof: what consent, export and a join stand on.

use std::net::Ipv4Addr;

use aboard::domain::{
    AppId, ChallengeId, Destination, Email, EnvironmentKind, Language, Purpose, RequestId, SessionId, UserId,
};
use aboard::store::{ChallengeScope, ProofOutcome};
use aboard::web::codes::{Ask, Try, ask, prove};
use aboard::web::{Call, Context, Surface};

use crate::support::app::{Engine, TestApp, on_both};
use crate::support::codes::EMAIL;
use crate::support::token::parts;

on_both! {
    a_code_names_its_purpose_and_works_in_its_session,
    a_code_to_somebody_elses_address_proves_nothing,
}

struct Stepping {
    app: TestApp,
    scope: ChallengeScope,
    user: UserId,
    session: SessionId,
}

impl Stepping {
    async fn start(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let made = app.new_app(&app.sandbox, &[]).await;
        let shop = app.anonymous().with("x-client-secret", &made.client_secret);
        let (_, claims, _) = parts(&app.log_in(EMAIL, &shop).await);
        let known: AppId = made.app;
        let known = app.instance().store.app(known).await.unwrap().expect("it is there");
        app.advance(60);
        Self {
            scope: ChallengeScope::from(&known.public_scope()),
            user: claims["sub"].as_str().unwrap().parse().unwrap(),
            session: SessionId(app.instance().ids.id()),
            app,
        }
    }

    fn context(&self) -> Context {
        let id = RequestId(self.app.instance().ids.id());
        Context::new(id, self.app.now(), Surface::Pages, Ipv4Addr::LOCALHOST.into(), None)
    }

    async fn ask(&self, purpose: Purpose, to: &str) -> ChallengeId {
        let id = ChallengeId(self.app.instance().ids.id());
        let asked = Ask {
            id,
            scope: self.scope,
            kind: EnvironmentKind::Sandbox,
            asked_by: "Shop",
            user: Some(self.user),
            session: Some(self.session),
            purpose,
            to: Destination::Email(Email::parse(to).unwrap()),
            language: Language::English,
            channel: "email",
            device: None,
            repeatable: None,
        };
        let asked = ask(&self.app.app.web, &self.context(), asked).await;
        assert!(matches!(asked, Ok(Call::Done(()))));
        id
    }

    async fn typed(&self, challenge: ChallengeId, session: SessionId, purpose: Purpose, code: &str) -> ProofOutcome {
        let typed = Try {
            scope: self.scope,
            challenge,
            user: Some(self.user),
            session: Some(session),
            purpose,
            kind: None,
            code,
            device: None,
            claim: None,
        };
        match prove(&self.app.app.web, &self.context(), typed).await.unwrap() {
            Call::Done(outcome) => outcome,
            Call::Replayed(_) => panic!("no key was sent"),
        }
    }
}

async fn a_code_names_its_purpose_and_works_in_its_session(engine: Engine) {
    let at = Stepping::start(engine).await;
    let purpose = Purpose::GiveConsent;
    let challenge = at.ask(purpose, EMAIL.to).await;
    let code = at.app.code_for(EMAIL.to).await;
    assert_eq!(code.len(), 8, "{code}");
    let inbox = at.app.inbox(EMAIL.to).await;
    let text = inbox[0]["text"].as_str().unwrap();
    assert!(text.contains("Shop") && !text.contains("log in"), "{text}");
    let elsewhere = SessionId(at.app.instance().ids.id());
    for outcome in [
        at.typed(challenge, elsewhere, purpose, &code).await,
        at.typed(challenge, at.session, Purpose::ExportWallet, &code).await,
    ] {
        assert_eq!(outcome, ProofOutcome::Refused);
    }
    let before = at.app.count("identities").await;
    match at.typed(challenge, at.session, purpose, &code).await {
        ProofOutcome::Proven(proven) => assert_eq!((proven.user.id, proven.created), (at.user, false)),
        other => panic!("{other:?}"),
    }
    assert_eq!(at.app.count("identities").await, before);
    assert_eq!(
        at.typed(challenge, at.session, purpose, &code).await,
        ProofOutcome::Refused
    );
}

async fn a_code_to_somebody_elses_address_proves_nothing(engine: Engine) {
    let at = Stepping::start(engine).await;
    for to in ["eve@example.com", "bob@example.com"] {
        if to == "bob@example.com" {
            at.app.log_in(EMAIL.with("bob@example.com"), &at.app.shop().await).await;
            at.app.advance(60);
        }
        let challenge = at.ask(Purpose::ExportWallet, to).await;
        let code = at.app.code_for(to).await;
        let before = at.app.count("identities").await;
        let outcome = at.typed(challenge, at.session, Purpose::ExportWallet, &code).await;
        assert_eq!(outcome, ProofOutcome::Refused, "{to}");
        assert_eq!(at.app.count("identities").await, before);
    }
}
