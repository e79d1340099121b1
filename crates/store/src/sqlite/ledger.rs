//! The ledger in the same file.

use async_trait::async_trait;
use ninefold_core::{Amount, Balance, Ceiling, ChargeId, Cost, Error, ErrorKind, Ledger, Result, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Sqlite;
use super::failure::Fault;

#[async_trait]
impl Ledger for Sqlite {
    async fn reserve(&self, id: ChargeId, accounts: &[Ceiling], estimate: Amount, now: Timestamp) -> Result<()> {
        let accounts = accounts.to_vec();
        // A refusal is an answer and no failure: what others write in the same transaction stays.
        match self.write(move |connection| reserve(connection, id, &accounts, estimate, now)).await? {
            None => Ok(()),
            Some(refused) => Err(refused),
        }
    }

    async fn settle(&self, id: ChargeId, used: Amount, now: Timestamp) -> Result<()> {
        let known = self.write(move |connection| settle(connection, id, used, now)).await?;
        known.then_some(()).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no charge {:032x} to settle", id.0))
                .hint("reserve before settling")
        })
    }

    async fn balance(&self, account: &str) -> Result<Balance> {
        if let Some(balance) = self.look_up(|connection| balance(connection, account)).await {
            return balance;
        }
        let account = account.to_owned();
        self.query(move |connection| balance(connection, &account)).await
    }
}

/// A count as it is stored; more than fits is as much as fits.
fn stored(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// An amount in three columns from `first` on.
fn amount(row: &Row<'_>, first: usize) -> rusqlite::Result<Amount> {
    let at = |n: usize| row.get::<_, i64>(first + n).map(|n| u64::try_from(n).unwrap_or_default());
    Ok(Amount { calls: at(0)?, tokens: at(1)?, cost: Cost(at(2)?) })
}

fn balance(connection: &Connection, account: &str) -> Result<Balance, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT settled_calls, settled_tokens, settled_cost, reserved_calls, reserved_tokens, reserved_cost
             FROM ledger_accounts WHERE account = ?1",
        )?
        .query_row([account], |row| Ok(Balance { settled: amount(row, 0)?, reserved: amount(row, 3)? }))
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// Adds an entry; none when there is one already.
fn enter(
    connection: &Connection,
    id: ChargeId,
    settles: bool,
    amount: Amount,
    now: Timestamp,
) -> Result<Option<i64>, Fault> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT id FROM ledger_entries WHERE charge = ?1 AND settles = ?2")?
        .query_row(params![id.0.to_be_bytes(), settles], |row| row.get(0))
        .optional()?;
    if found.is_some() {
        return Ok(None);
    }
    let Amount { calls, tokens, cost } = amount;
    let row = connection
        .prepare_cached(
            "INSERT INTO ledger_entries (charge, settles, at, calls, tokens, cost) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .insert(params![id.0.to_be_bytes(), settles, now.0, stored(calls), stored(tokens), stored(cost.0)])?;
    Ok(Some(row))
}

/// The error when an account would pass its limits.
fn reserve(
    connection: &Connection,
    id: ChargeId,
    accounts: &[Ceiling],
    estimate: Amount,
    now: Timestamp,
) -> Result<Option<Error>, Fault> {
    let known = connection
        .prepare_cached("SELECT 1 FROM ledger_entries WHERE charge = ?1 AND settles = 0")?
        .exists([id.0.to_be_bytes()])?;
    if known {
        return Ok(None);
    }
    for Ceiling { account, limits } in accounts {
        let total = balance(connection, account)?.total().plus(estimate);
        if let Err(refused) = limits.check(account, total) {
            return Ok(Some(refused));
        }
    }
    let Some(entry) = enter(connection, id, false, estimate, now)? else { return Ok(None) };
    let mut names: Vec<&str> = accounts.iter().map(|ceiling| ceiling.account.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let find = |connection: &Connection| {
            connection
                .prepare_cached("SELECT id FROM ledger_accounts WHERE account = ?1")?
                .query_row([name], |row| row.get::<_, i64>(0))
                .optional()
        };
        let account = match find(connection)? {
            Some(account) => account,
            None => connection.prepare_cached("INSERT INTO ledger_accounts (account) VALUES (?1)")?.insert([name])?,
        };
        connection
            .prepare_cached("INSERT INTO ledger_postings (entry, account) VALUES (?1, ?2)")?
            .execute([entry, account])?;
        let Amount { calls, tokens, cost } = estimate;
        connection
            .prepare_cached(
                "UPDATE ledger_accounts SET reserved_calls = reserved_calls + ?2,
                 reserved_tokens = reserved_tokens + ?3, reserved_cost = reserved_cost + ?4 WHERE id = ?1",
            )?
            .execute([account, stored(calls), stored(tokens), stored(cost.0)])?;
    }
    Ok(None)
}

/// Whether there is such a charge.
fn settle(connection: &Connection, id: ChargeId, used: Amount, now: Timestamp) -> Result<bool, Fault> {
    let reserved = connection
        .prepare_cached("SELECT id, calls, tokens, cost FROM ledger_entries WHERE charge = ?1 AND settles = 0")?
        .query_row([id.0.to_be_bytes()], |row| Ok((row.get::<_, i64>(0)?, amount(row, 1)?)))
        .optional()?;
    let Some((entry, reserved)) = reserved else { return Ok(false) };
    if enter(connection, id, true, used, now)?.is_none() {
        return Ok(true);
    }
    connection
        .prepare_cached(
            "UPDATE ledger_accounts SET
               settled_calls = settled_calls + ?2, settled_tokens = settled_tokens + ?3, settled_cost = settled_cost + ?4,
               reserved_calls = reserved_calls - ?5, reserved_tokens = reserved_tokens - ?6,
               reserved_cost = reserved_cost - ?7
             WHERE id IN (SELECT account FROM ledger_postings WHERE entry = ?1)",
        )?
        .execute([
            entry,
            stored(used.calls),
            stored(used.tokens),
            stored(used.cost.0),
            stored(reserved.calls),
            stored(reserved.tokens),
            stored(reserved.cost.0),
        ])?;
    Ok(true)
}
