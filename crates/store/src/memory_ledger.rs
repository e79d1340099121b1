//! The ledger in the process's memory: for tests, and for hosts without a database.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::{Amount, Balance, Ceiling, ChargeId, Error, ErrorKind, Ledger, Result, Timestamp};
use smol_str::SmolStr;

/// How many charges that were settled are known as such.
const SETTLED: usize = 65_536;
/// How many accounts are kept.
const ACCOUNTS: usize = 65_536;

/// A ledger in memory; it lives as long as the value. A charge is forgotten when it is settled; of the latest 65,536 it is known
/// that they were. Past 65,536 accounts, those that were charged longest ago and await no settlement begin anew: a session that
/// comes back after so many others has its whole limit again.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    accounts: HashMap<SmolStr, Account>,
    open: HashMap<ChargeId, (Amount, BTreeSet<SmolStr>)>,
    settled: HashSet<ChargeId>,
    order: VecDeque<ChargeId>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    balance: Balance,
    /// How many of its charges are open.
    open: u32,
    charged: Timestamp,
}

impl Book {
    /// Makes room: an eighth goes at once, so that this is not to be done for each new account.
    fn forget_old(&mut self) {
        if self.accounts.len() < ACCOUNTS {
            return;
        }
        let mut idle: Vec<Timestamp> =
            self.accounts.values().filter(|account| account.open == 0).map(|account| account.charged).collect();
        let most = (ACCOUNTS / 8).min(idle.len());
        let Some(last) = most.checked_sub(1) else { return };
        let (_, until, _) = idle.select_nth_unstable(last);
        let until = *until;
        self.accounts.retain(|_, account| account.open > 0 || account.charged > until);
    }
}

impl MemoryLedger {
    /// A ledger without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    // No change is left half made when a thread panics, so a poisoned lock is as good as another.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn reserve(&self, id: ChargeId, accounts: &[Ceiling], estimate: Amount, now: Timestamp) -> Result<()> {
        let mut book = self.lock();
        if book.open.contains_key(&id) || book.settled.contains(&id) {
            return Ok(());
        }
        for Ceiling { account, limits } in accounts {
            let balance = book.accounts.get(account).map(|account| account.balance).unwrap_or_default();
            limits.check(account, balance.total().plus(estimate))?;
        }
        let accounts: BTreeSet<SmolStr> = accounts.iter().map(|ceiling| ceiling.account.clone()).collect();
        book.forget_old();
        for account in &accounts {
            let account = book.accounts.entry(account.clone()).or_default();
            account.balance.reserved = account.balance.reserved.plus(estimate);
            account.open += 1;
            account.charged = account.charged.max(now);
        }
        book.open.insert(id, (estimate, accounts));
        Ok(())
    }

    async fn settle(&self, id: ChargeId, used: Amount, _: Timestamp) -> Result<()> {
        let mut book = self.lock();
        let Some((estimate, accounts)) = book.open.remove(&id) else {
            return if book.settled.contains(&id) {
                Ok(())
            } else {
                let what = format!("there is no charge {:032x} to settle", id.0);
                Err(Error::new(ErrorKind::NotFound, what).hint("reserve before settling"))
            };
        };
        book.settled.insert(id);
        book.order.push_back(id);
        if book.order.len() > SETTLED
            && let Some(oldest) = book.order.pop_front()
        {
            book.settled.remove(&oldest);
        }
        for account in accounts {
            let account = book.accounts.entry(account).or_default();
            account.balance.reserved = account.balance.reserved.less(estimate);
            account.balance.settled = account.balance.settled.plus(used);
            account.open = account.open.saturating_sub(1);
        }
        Ok(())
    }

    async fn balance(&self, account: &str) -> Result<Balance> {
        Ok(self.lock().accounts.get(account).map(|account| account.balance).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use ninefold_core::Limits;

    use super::*;

    #[tokio::test]
    async fn the_oldest_accounts_make_room_but_not_what_is_open() {
        let ledger = MemoryLedger::new();
        let one = Amount { calls: 1, ..Amount::default() };
        let account = |n: usize| format!("session {n}");
        for n in 0..ACCOUNTS + 1 {
            let ceilings = [account(n), "total".to_owned()]
                .map(|name| Ceiling { account: name.as_str().into(), limits: Limits::default() });
            ledger.reserve(ChargeId(n as u128), &ceilings, one, Timestamp(n as i64)).await.unwrap();
            if n != 3 {
                ledger.settle(ChargeId(n as u128), one, Timestamp(n as i64)).await.unwrap();
            }
        }
        let calls = async |name: &str| ledger.balance(name).await.unwrap().total().calls;
        assert_eq!(calls(&account(0)).await, 0, "the oldest has gone");
        assert_eq!(calls(&account(3)).await, 1, "but not one that awaits its settlement");
        assert_eq!(calls(&account(ACCOUNTS)).await, 1);
        assert_eq!(calls("total").await, (ACCOUNTS + 1) as u64, "nor one that is charged again and again");
        let kept = ledger.lock().accounts.len();
        assert!(kept <= ACCOUNTS && kept > ACCOUNTS / 2, "{kept}");
    }
}
