//! What every second-level cache must do.

use std::future::Future;

use ninefold_core::{Cache, CacheEntry, Key, Retention, Timestamp};

/// Ten minutes in microseconds: a cache may know no better than this when a value was last read.
const COARSE: i64 = 10 * 60 * 1_000_000;

/// Runs every requirement on a [`Cache`] against fresh, empty caches made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn cache_suite<C: Cache, F: Future<Output = C>>(open: impl Fn() -> F) {
    what_was_put_is_there(&open().await).await;
    a_later_put_replaces(&open().await).await;
    spaces_are_apart(&open().await).await;
    what_expired_is_absent(&open().await).await;
    pruning_takes_what_expired_then_what_was_read_longest_ago(&open().await).await;
    a_clock_that_was_set_back_loses_nothing(&open().await).await;
    sizes_are_those_of_the_values(&open().await).await;
}

fn key(n: u64) -> Key {
    Key::of_bytes(&n.to_le_bytes())
}

fn entry(n: u64, value: impl AsRef<[u8]>) -> CacheEntry {
    CacheEntry { key: key(n), value: value.as_ref().to_vec(), expires: None }
}

async fn held<C: Cache>(cache: &C, space: &str, keys: &[u64], now: i64) -> Vec<Option<Vec<u8>>> {
    let keys: Vec<Key> = keys.iter().map(|&n| key(n)).collect();
    cache.get(space, &keys, Timestamp(now)).await.expect("get")
}

/// Which of the keys are there.
async fn there<C: Cache>(cache: &C, space: &str, keys: &[u64], now: i64) -> Vec<u64> {
    let values = held(cache, space, keys, now).await;
    assert_eq!(values.len(), keys.len(), "an answer for each key");
    keys.iter().zip(values).filter_map(|(&n, value)| value.map(|_| n)).collect()
}

async fn prune<C: Cache>(cache: &C, space: &str, now: i64, max_bytes: u64) -> u64 {
    cache.prune(space, Retention { now: Timestamp(now), max_bytes }).await.expect("prune")
}

async fn what_was_put_is_there<C: Cache>(cache: &C) {
    assert_eq!(held(cache, "s", &[1], 0).await, [None], "an empty cache holds nothing");
    assert!(held(cache, "s", &[], 0).await.is_empty());
    cache.put("s", Vec::new(), Timestamp(0)).await.expect("put of nothing");
    let large = vec![0xff; 300_000];
    let entries = vec![entry(1, b"one"), entry(2, b""), entry(3, &large), entry(4, b"\0\xff")];
    cache.put("s", entries, Timestamp(5)).await.expect("put");
    let expected =
        [Some(large), None, Some(b"one".to_vec()), Some(Vec::new()), Some(b"\0\xff".to_vec()), Some(b"one".to_vec())];
    assert_eq!(held(cache, "s", &[3, 9, 1, 2, 4, 1], 6).await, expected, "values come in the order of the keys");
    let many: Vec<u64> = (0..100).collect();
    assert_eq!(there(cache, "s", &many, 6).await, [1, 2, 3, 4]);
}

async fn a_later_put_replaces<C: Cache>(cache: &C) {
    let expiring = CacheEntry { expires: Some(Timestamp(10)), ..entry(1, b"first") };
    cache.put("s", vec![expiring], Timestamp(0)).await.expect("put");
    cache.put("s", vec![entry(1, b"second"), entry(2, b"a"), entry(2, b"b")], Timestamp(1)).await.expect("put");
    assert_eq!(held(cache, "s", &[1, 2], 99).await, [Some(b"second".to_vec()), Some(b"b".to_vec())]);
}

async fn spaces_are_apart<C: Cache>(cache: &C) {
    let spaces = ["a", "A", "", "a\0", "a ", "ä", "a%", "' OR 1"];
    for (n, space) in spaces.iter().enumerate() {
        cache.put(space, vec![entry(1, n.to_string())], Timestamp(0)).await.expect("put");
    }
    for (n, space) in spaces.iter().enumerate() {
        assert_eq!(held(cache, space, &[1], 1).await, [Some(n.to_string().into_bytes())], "space {space:?}");
    }
    assert_eq!(prune(cache, "a", 1, 0).await, 1);
    for space in &spaces[1..] {
        assert_eq!(there(cache, space, &[1], 1).await, [1], "pruning one space leaves {space:?} alone");
    }
    assert_eq!(prune(cache, "unknown", 1, 0).await, 0);
}

async fn what_expired_is_absent<C: Cache>(cache: &C) {
    let until = |n, at| CacheEntry { expires: Some(Timestamp(at)), ..entry(n, b"x") };
    cache
        .put("s", vec![until(1, 10), until(2, 11), until(3, i64::MAX), until(4, i64::MIN)], Timestamp(0))
        .await
        .expect("put");
    assert_eq!(there(cache, "s", &[1, 2, 3, 4], 9).await, [1, 2, 3]);
    assert_eq!(there(cache, "s", &[1, 2, 3, 4], 10).await, [2, 3], "from that time on");
    assert_eq!(prune(cache, "s", 10, u64::MAX).await, 2);
    assert_eq!(there(cache, "s", &[1, 2, 3, 4], 0).await, [2, 3], "what was pruned is gone for good");
}

async fn pruning_takes_what_expired_then_what_was_read_longest_ago<C: Cache>(cache: &C) {
    for n in 1..=5 {
        cache.put("s", vec![entry(n, [0; 10])], Timestamp(n as i64)).await.expect("put");
    }
    let expired = CacheEntry { expires: Some(Timestamp(1)), ..entry(6, [0; 1_000]) };
    cache.put("s", vec![expired], Timestamp(6)).await.expect("put");
    assert_eq!(prune(cache, "s", 7, 50).await, 1, "what expired makes room first");
    // The two oldest are read, later than a cache need not notice.
    assert_eq!(there(cache, "s", &[1, 2], 2 * COARSE).await, [1, 2]);
    assert_eq!(prune(cache, "s", 2 * COARSE, 49).await, 1, "no more go than must");
    assert_eq!(prune(cache, "s", 2 * COARSE, 25).await, 2);
    assert_eq!(there(cache, "s", &[1, 2, 3, 4, 5], 2 * COARSE).await, [1, 2], "what was read lately stays");
    assert_eq!(prune(cache, "s", 2 * COARSE, 0).await, 2);
}

async fn a_clock_that_was_set_back_loses_nothing<C: Cache>(cache: &C) {
    cache.put("s", vec![entry(1, b"x")], Timestamp(1_000 * COARSE)).await.expect("put");
    cache.put("s", vec![entry(2, b"x")], Timestamp(-5)).await.expect("put at an earlier time");
    assert_eq!(there(cache, "s", &[1, 2], i64::MIN).await, [1, 2]);
    assert_eq!(prune(cache, "s", i64::MIN, 2).await, 0);
    assert_eq!(prune(cache, "s", 0, 1).await, 1);
    assert_eq!(there(cache, "s", &[1, 2], 0).await, [1], "what was read earlier by its clock goes first");
}

async fn sizes_are_those_of_the_values<C: Cache>(cache: &C) {
    cache.put("s", vec![entry(1, [0; 100]), entry(2, [0; 10])], Timestamp(0)).await.expect("put");
    cache.put("s", vec![entry(1, [0; 20])], Timestamp(1)).await.expect("put of a smaller value");
    assert_eq!(prune(cache, "s", 2, 30).await, 0, "a replaced value has its new size");
    cache.put("s", vec![entry(3, [0; 0])], Timestamp(2)).await.expect("put of nothing");
    assert_eq!(prune(cache, "s", 2, 30).await, 0);
    assert_eq!(prune(cache, "s", 2, 29).await, 1);
    assert_eq!(there(cache, "s", &[1, 2, 3], 2).await, [1, 3]);
}
