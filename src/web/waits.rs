//! Calls that wait for something to happen: how many of them an environment may have at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Failure;
use crate::domain::{Code, EnvironmentId};

/// Calls that may wait at once for one environment, on this node.
const MOST: u32 = 64;

/// The calls that wait.
#[derive(Clone, Default)]
pub struct Waits(Arc<Mutex<HashMap<EnvironmentId, u32>>>);

/// One call that waits, until it is dropped.
pub struct Wait(Waits, EnvironmentId);

impl Waits {
    /// Counts a call.
    ///
    /// # Errors
    /// 429 if too many wait already.
    pub fn enter(&self, environment: EnvironmentId) -> Result<Wait, Failure> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.entry(environment).or_default();
        if *count >= MOST {
            return Err(Failure {
                retry_after: Some(5),
                ..Failure::new(Code::RateLimited).saying(format!(
                    "{MOST} calls of this environment wait for events already. End some of them."
                ))
            });
        }
        *count += 1;
        Ok(Wait(self.clone(), environment))
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waiting = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Uuid;

    #[test]
    fn each_environment_has_its_own_share_and_gets_it_back() {
        let waits = Waits::default();
        let [one, other] = [1, 2].map(|id| EnvironmentId(Uuid::from_u128(id)));
        let held: Vec<Wait> = (0..MOST).map(|_| waits.enter(one).ok().unwrap()).collect();
        assert!(waits.enter(one).is_err());
        assert!(waits.enter(other).is_ok());
        drop(held);
        assert!(waits.enter(one).is_ok());
        assert!(waits.0.lock().unwrap().is_empty());
    }
}
