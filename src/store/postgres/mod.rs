//! PostgreSQL.

use jiff::Timestamp;
use uuid::Uuid;

use super::instance::Durability;
use super::links::{CodeSpent, CodeToSpend};
use super::sql::{Params, Row, Script};
use super::{
    DeliveryResult, DueDelivery, ExternalLogin, ExternalLoginOutcome, IssuedUserKey, NewUserKey, PartnerScope,
    Redemption, RedemptionOutcome, Result,
};
use crate::domain::PartnerUserId;

#[derive(Clone)]
pub struct Postgres {}

impl Postgres {
    pub async fn open(url: &str, connections: usize) -> Result<Self> {
        todo!()
    }
    pub async fn read<T: Send + 'static>(
        &self,
        sql: &'static str,
        params: &Params<'_>,
        limit: usize,
        map: impl Fn(&Row<'_>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        todo!()
    }
    pub async fn run(&self, script: Script) -> Result<Vec<u64>> {
        todo!()
    }
    pub async fn migrate(&self) -> Result<Vec<String>> {
        todo!()
    }
    pub async fn durability(&self) -> Result<Durability> {
        todo!()
    }
    pub fn group_counts(&self) -> (u64, u64) {
        todo!()
    }
    pub async fn close(&self) {
        todo!()
    }
    pub async fn external_login(&self, scope: PartnerScope, call: ExternalLogin) -> Result<ExternalLoginOutcome> {
        todo!()
    }
    pub async fn issue_user_key(
        &self,
        scope: PartnerScope,
        partner_user_id: PartnerUserId,
        key: NewUserKey,
        now: Timestamp,
    ) -> Result<Option<IssuedUserKey>> {
        todo!()
    }
    pub async fn redeem_login_link(&self, redemption: Redemption) -> Result<RedemptionOutcome> {
        todo!()
    }
    pub async fn spend_login_code(&self, code: CodeToSpend) -> Result<CodeSpent> {
        todo!()
    }
    pub async fn claim_deliveries(
        &self,
        owner: Uuid,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueDelivery>> {
        todo!()
    }
    pub async fn finish_deliveries(&self, owner: Uuid, results: Vec<DeliveryResult>, now: Timestamp) -> Result<u64> {
        todo!()
    }
}
