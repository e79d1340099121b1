//! The shared cache, on a real Redis server that `scripts/redis.sh` starts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ninefold_core::{Cache, CacheEntry, ErrorKind, Key, Timestamp};
use ninefold_store::RedisCache;
use ninefold_testkit::cache_suite;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const NEEDS: &str = "NINEFOLD_REDIS, as scripts/redis.sh sets it";

fn address() -> String {
    std::env::var("NINEFOLD_REDIS").expect(NEEDS)
}

/// A cache of its own, with whatever an earlier run of the tests has left out of sight.
async fn fresh() -> RedisCache {
    static OPENED: AtomicU32 = AtomicU32::new(0);
    let n = OPENED.fetch_add(1, Ordering::Relaxed);
    RedisCache::connect(&address()).await.unwrap().prefix(format!("test {} {n}", std::process::id()))
}

fn entry(n: u64, bytes: usize) -> CacheEntry {
    CacheEntry { key: Key::of_bytes(&n.to_le_bytes()), value: vec![b'x'; bytes], expires: None }
}

#[tokio::test]
#[ignore = "needs scripts/redis.sh"]
async fn redis_is_a_cache() {
    cache_suite(fresh).await;
}

#[tokio::test]
#[ignore = "needs scripts/redis.sh"]
async fn redis_is_shared_and_bounded_by_itself() {
    let prefix = format!("shared {}", std::process::id());
    let open = async || RedisCache::connect(&address()).await.unwrap().prefix(&prefix).max_bytes(1_000);
    let (one, other) = (open().await, open().await);
    for n in 0..50 {
        one.put("s", vec![entry(n, 100)], Timestamp(n as i64)).await.unwrap();
    }
    let keys: Vec<Key> = (0..50).map(|n| entry(n, 0).key).collect();
    let held = other.get("s", &keys, Timestamp(99)).await.unwrap();
    let there: Vec<usize> = held.iter().enumerate().filter_map(|(n, value)| value.as_ref().map(|_| n)).collect();
    assert_eq!(there, (40..50).collect::<Vec<_>>(), "what was read longest ago has gone");
    other.put("s", vec![entry(99, 2_000)], Timestamp(100)).await.unwrap();
    assert_eq!(
        one.get("s", &[entry(99, 0).key], Timestamp(101)).await.unwrap(),
        [None],
        "what is too large is not kept"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_of_without_its_password() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = RedisCache::connect(&format!("redis://user:hunter2@127.0.0.1:{port}/0")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let said = format!("{error} {error:?}");
    assert!(said.contains(&port.to_string()) && !said.contains("hunter2"), "{said}");
    for address in ["", "nonsense hunter2", "http://:hunter2@x", "redis://:hunter2@"] {
        let error = RedisCache::connect(address).await.unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let error = RedisCache::connect(&address).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    server.abort();
}

/// Passes on what is said in both directions until it is told to keep silent.
async fn silenced_by(silent: Arc<AtomicBool>) -> String {
    let to = address();
    let (secret, host) = to.trim_start_matches("redis://").trim_end_matches("/0").split_once('@').unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{secret}@{}", listener.local_addr().unwrap());
    let host = host.to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = tokio::net::TcpStream::connect(&host).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            for (mut from, mut to) in [(from_client, to_server), (from_server, to_client)] {
                let silent = Arc::clone(&silent);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 4096];
                    while let Ok(n @ 1..) = from.read(&mut bytes).await {
                        if !silent.load(Ordering::Relaxed) {
                            to.write_all(&bytes[..n]).await.unwrap();
                        }
                    }
                });
            }
        }
    });
    address
}

#[tokio::test]
#[ignore = "needs scripts/redis.sh"]
async fn a_server_that_falls_silent_is_left_alone_for_a_while() {
    let silent = Arc::new(AtomicBool::new(false));
    let cache = RedisCache::connect(&silenced_by(Arc::clone(&silent)).await).await.unwrap().prefix("falls silent");
    let key = [entry(1, 0).key];
    cache.put("s", vec![entry(1, 1)], Timestamp(0)).await.unwrap();
    silent.store(true, Ordering::Relaxed);
    let first = cache.get("s", &key, Timestamp(1)).await.unwrap_err();
    assert_eq!(first.kind(), ErrorKind::Unavailable, "{first}");
    // It would answer again, but nobody asks it yet.
    silent.store(false, Ordering::Relaxed);
    assert_eq!(cache.get("s", &key, Timestamp(1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(cache.get("s", &key, Timestamp(1)).await.unwrap(), [Some(vec![b'x'])]);
}
