//! The ledger in the process's memory: for tests, and for hosts without a database.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ninefold_core::{Amount, Balance, Ceiling, ChargeId, Error, ErrorKind, Ledger, Result, Timestamp};
use smol_str::SmolStr;

/// How many charges that were settled are known as such.
const SETTLED: usize = 65_536;

/// A ledger in memory; it lives as long as the value. A charge is forgotten when it is settled; of the latest 65,536 it is known
/// that they were.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    accounts: HashMap<SmolStr, Balance>,
    open: HashMap<ChargeId, (Amount, BTreeSet<SmolStr>)>,
    settled: HashSet<ChargeId>,
    order: VecDeque<ChargeId>,
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
    async fn reserve(&self, id: ChargeId, accounts: &[Ceiling], estimate: Amount, _: Timestamp) -> Result<()> {
        let mut book = self.lock();
        if book.open.contains_key(&id) || book.settled.contains(&id) {
            return Ok(());
        }
        for Ceiling { account, limits } in accounts {
            let balance = book.accounts.get(account).copied().unwrap_or_default();
            limits.check(account, balance.total().plus(estimate))?;
        }
        let accounts: BTreeSet<SmolStr> = accounts.iter().map(|ceiling| ceiling.account.clone()).collect();
        for account in &accounts {
            let balance = book.accounts.entry(account.clone()).or_default();
            balance.reserved = balance.reserved.plus(estimate);
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
            let balance = book.accounts.entry(account).or_default();
            balance.reserved = balance.reserved.less(estimate);
            balance.settled = balance.settled.plus(used);
        }
        Ok(())
    }

    async fn balance(&self, account: &str) -> Result<Balance> {
        Ok(self.lock().accounts.get(account).copied().unwrap_or_default())
    }
}
