//! What is exported, judged without receivers: by an exporter that keeps spans, and by sockets of the test's own.

mod context;
mod delivery;
mod exported;
mod kept;
mod privacy;
mod receiver;
mod runtimes;
mod shape;
mod times;
