//! The threads of an open file: how they start, and how their end is waited for.

use std::path::Path;
use std::thread::JoinHandle;

use ninefold_core::Result;
use tokio::sync::{mpsc, oneshot};

use super::failure::{stopped, unavailable};
use super::task::Order;

/// A thread with a connection of its own.
pub(super) struct Served {
    thread: Option<JoinHandle<()>>,
    ended: oneshot::Receiver<()>,
}

/// Starts a thread that opens connections and then serves one; returns when they are open, with what else was opened.
pub(super) async fn start<C: 'static, T: Send + 'static>(
    name: &str,
    path: &Path,
    open: impl FnOnce() -> Result<(C, T)> + Send + 'static,
    serve: impl FnOnce(C) + Send + 'static,
) -> Result<(Served, T)> {
    let (opened, ready) = oneshot::channel();
    let (end, ended) = oneshot::channel();
    let body = move || match open() {
        Ok((connection, beside)) => {
            if opened.send(Ok(beside)).is_ok() {
                serve(connection);
            }
            // Whoever waits for the end hears of it now that the connection is closed; he need not wait.
            let _ = end.send(());
        }
        Err(error) => {
            let _ = opened.send(Err(error));
        }
    };
    let thread =
        std::thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|error| unavailable(path, &error))?;
    let beside = ready.await.unwrap_or_else(|_| Err(stopped(path)))?;
    Ok((Served { thread: Some(thread), ended }, beside))
}

/// The threads of an open file.
pub(super) struct Threads {
    pub(super) readers: Vec<Served>,
    pub(super) writer: Option<Served>,
}

impl Threads {
    /// Has the readers end and then the writer, so that it is he who closes the file; waits for it.
    pub(super) async fn end(&mut self, readers: &mpsc::Sender<Order>, writer: &mpsc::Sender<Order>) {
        // Nobody takes the order when they have ended already.
        let _ = readers.send(Order::Close).await;
        while let Some(reader) = self.readers.last_mut() {
            reader.end().await;
            self.readers.pop();
        }
        let _ = writer.send(Order::Close).await;
        if let Some(served) = &mut self.writer {
            served.end().await;
            self.writer = None;
        }
    }
}

impl Served {
    async fn end(&mut self) {
        // A thread that panicked has dropped its end, and its connection.
        let _ = (&mut self.ended).await;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
