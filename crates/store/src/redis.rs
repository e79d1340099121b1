//! The second-level cache on a Redis server, where several hosts share one.

use std::fmt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::{Cache, CacheEntry, Error, ErrorKind, Key, Result, Retention, Timestamp};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script, ScriptInvocation};
use tokio::time::Instant;

/// How long a connection may take to open, and an answer to come. What it would have said is computed anew instead.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a server that did not answer is not asked again, so that not every call waits for it.
const REST: Duration = Duration::from_secs(10);
/// The most bytes of values that a space keeps, unless set.
const MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Each script runs on the server as a whole, so that hosts do not see each other's halves. A space is four keys: its values, when
/// each was read (by the readers' clocks), when those that expire do, and the bytes of all values together. The keys carry one hash
/// tag, so that a cluster keeps them together.
///
/// Common to them: takes out the member `key`, if it is there.
const REMOVE: &str = "
local function remove(key)
  local size = redis.call('HSTRLEN', KEYS[1], key)
  local there = redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
  redis.call('ZREM', KEYS[3], key)
  redis.call('DECRBY', KEYS[4], size)
  return there
end
local function shrink(now, most)
  local gone = 0
  for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do gone = gone + remove(key) end
  while tonumber(redis.call('GET', KEYS[4]) or '0') > most do
    local oldest = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
    if not oldest then redis.call('DEL', KEYS[1], KEYS[3], KEYS[4]) break end
    gone = gone + remove(oldest)
  end
  return gone
end
";

/// Arguments: the time, the keys.
static GET: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "
local found = {}
for n = 2, #ARGV do
  local expires = redis.call('ZSCORE', KEYS[3], ARGV[n])
  local value = false
  if not expires or tonumber(expires) > tonumber(ARGV[1]) then value = redis.call('HGET', KEYS[1], ARGV[n]) end
  if value then redis.call('ZADD', KEYS[2], 'XX', 'GT', ARGV[1], ARGV[n]) end
  found[n - 1] = value
end
return found",
    )
});

/// Arguments: the time, the most bytes, and for each value its key, its bytes and when it expires, or nothing.
static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&format!(
        "{REMOVE}
for n = 3, #ARGV, 3 do
  local key, value, expires = ARGV[n], ARGV[n + 1], ARGV[n + 2]
  remove(key)
  redis.call('HSET', KEYS[1], key, value)
  redis.call('ZADD', KEYS[2], ARGV[1], key)
  if expires ~= '' then redis.call('ZADD', KEYS[3], expires, key) end
  redis.call('INCRBY', KEYS[4], #value)
end
if tonumber(redis.call('GET', KEYS[4]) or '0') > tonumber(ARGV[2]) then shrink(ARGV[1], tonumber(ARGV[2])) end
return 0"
    ))
});

/// Arguments: the time, the most bytes.
static PRUNE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&format!("{REMOVE} return shrink(ARGV[1], tonumber(ARGV[2]))")));

/// A cache on a Redis server, shared by all that use the same server and prefix. A space that grows past its bound loses what expired
/// and then what was read longest ago, as it is written to; [`Cache::prune`] does the same for another bound.
///
/// The server is trusted with what is cached: prompts' replies in clear. Whoever can write to it can answer for the model.
#[derive(Clone)]
pub struct RedisCache {
    link: Arc<Mutex<Link>>,
    client: Client,
    address: String,
    prefix: String,
    max_bytes: u64,
}

/// The connection, and until when the server is left alone.
struct Link {
    connection: ConnectionManager,
    rests_until: Option<Instant>,
}

impl RedisCache {
    /// Connects to `redis://[user[:password]@]host[:port][/database]` or `redis+unix:///path`. A connection that breaks is opened again
    /// when it is needed next.
    ///
    /// # Errors
    /// `InvalidInput` for an address that is none; `Unavailable` when the server does not answer within 2 s.
    pub async fn connect(address: &str) -> Result<Self> {
        let client = Client::open(address).map_err(|error| {
            // The address may hold a password: it is not repeated.
            Error::new(ErrorKind::InvalidInput, format!("the address of the Redis server is none: {}", plain(&error)))
                .hint("write it as redis://host:port/database")
        })?;
        let address = client.get_connection_info().addr().to_string();
        let connection = ConnectionManager::new_with_config(client.clone(), config());
        let connection = match tokio::time::timeout(PATIENCE * 2, connection).await {
            Ok(connection) => connection.map_err(|error| unavailable(&address, &error))?,
            Err(_) => return Err(silent(&address)),
        };
        let link = Arc::new(Mutex::new(Link { connection, rests_until: None }));
        Ok(Self { link, client, address, prefix: "ninefold".to_owned(), max_bytes: MAX_BYTES })
    }

    /// Sets what its keys begin with, instead of `ninefold`: caches with different prefixes share nothing.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how many bytes of values each space keeps, instead of 1 GiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// The script on the keys of a space.
    fn of<'a>(&self, script: &'a Script, space: &str) -> ScriptInvocation<'a> {
        let mut invocation = script.prepare_invoke();
        // A closing brace in a name would end the hash tag: names go in as hexadecimal.
        let name: String = space.bytes().map(|byte| format!("{byte:02x}")).collect();
        for part in ["values", "read", "expires", "bytes"] {
            invocation.key(format!("{}:{{cache:{name}}}:{part}", self.prefix));
        }
        invocation
    }

    async fn run<T: redis::FromRedisValue>(&self, invocation: &ScriptInvocation<'_>) -> Result<T> {
        let mut connection = {
            let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            if link.rests_until.is_some_and(|until| Instant::now() < until) {
                return Err(silent(&self.address));
            }
            link.connection.clone()
        };
        let answer = invocation.invoke_async(&mut connection);
        match tokio::time::timeout(PATIENCE * 2, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) if !error.is_timeout() => return Err(unavailable(&self.address, &error)),
            Ok(Err(_)) | Err(_) => {}
        }
        // What still comes on this connection answers nobody's question.
        let connection = ConnectionManager::new_lazy_with_config(self.client.clone(), config())
            .map_err(|error| unavailable(&self.address, &error))?;
        let rested = Link { connection, rests_until: Some(Instant::now() + REST) };
        *self.link.lock().unwrap_or_else(PoisonError::into_inner) = rested;
        Err(silent(&self.address))
    }
}

fn config() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_number_of_retries(1)
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
}

/// What an error says, without its details, which may repeat what was sent.
fn plain(error: &RedisError) -> String {
    match error.detail() {
        Some(detail) if error.is_io_error() || error.code().is_some() => format!("{}: {detail}", error.category()),
        _ => error.category().to_owned(),
    }
}

fn unavailable(address: &str, error: &RedisError) -> Error {
    Error::new(ErrorKind::Unavailable, format!("the Redis server at {address} cannot be used: {}", plain(error)))
        .hint("see whether it runs, and whether its address and password are right")
}

fn silent(address: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("the Redis server at {address} did not answer within {:?}", PATIENCE * 2),
    )
    .hint("see whether it runs and is not overloaded")
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, space: &str, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = self.of(&GET, space);
        get.arg(now.0);
        for key in keys {
            get.arg(key.0.as_slice());
        }
        self.run(&get).await
    }

    async fn put(&self, space: &str, entries: Vec<CacheEntry>, now: Timestamp) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut put = self.of(&PUT, space);
        put.arg(now.0).arg(self.max_bytes);
        for CacheEntry { key, value, expires } in &entries {
            let expires = expires.map(|at| at.0.to_string()).unwrap_or_default();
            put.arg(key.0.as_slice()).arg(value.as_slice()).arg(expires);
        }
        self.run::<u64>(&put).await.map(drop)
    }

    async fn prune(&self, space: &str, retention: Retention) -> Result<u64> {
        let mut prune = self.of(&PRUNE, space);
        prune.arg(retention.now.0).arg(retention.max_bytes);
        self.run(&prune).await
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("address", &self.address)
            .field("prefix", &self.prefix)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}
