//! Nine phases that do nothing, each written to SQLite before the next one starts; beside the file system's own fsync. The folder
//! is `BENCH_DIR`, or the system's folder for temporary files.

// A benchmark reads the clock itself, and may panic.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod machine;

use std::hint::black_box;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use ninefold::store::{Options, Sqlite, Synchronous};
use ninefold::{Cx, Durability, Journal, Run, phase, profile};

fn folder() -> PathBuf {
    std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}

fn durability(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in(folder()).unwrap();
    println!("folder: {}", folder.path().display());
    let runtime = machine::runtime();
    let names = ["assess", "retrieve", "decompose", "verify", "route", "collect", "synthesize", "record", "respond"];
    let steps: Vec<_> = names.into_iter().map(|name| phase(name, |n: u64, _: Cx| async move { Ok(n + 1) })).collect();
    let mut group = criterion.benchmark_group("nine phases on SQLite");
    let mut fsync = std::fs::File::create(folder.path().join("fsync")).unwrap();
    group.bench_function("fdatasync of 4 KiB, alone", |bencher| {
        bencher.iter(|| {
            fsync.write_all(&[7; 4096]).unwrap();
            fsync.sync_data().unwrap();
        });
    });
    for (name, synchronous, durability) in [
        ("Phase, synchronous normal", Synchronous::Normal, Durability::Phase),
        ("Phase, synchronous full", Synchronous::Full, Durability::Phase),
        ("Run, synchronous normal", Synchronous::Normal, Durability::Run),
    ] {
        let path = folder.path().join(name.replace([' ', ','], "-"));
        let options = Options { synchronous, ..Options::default() };
        let sqlite = runtime.block_on(Sqlite::open_with(path, options)).unwrap();
        let journal: Arc<dyn Journal> = Arc::new(sqlite);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|runs| {
                runtime.block_on(async {
                    let mut spent = Duration::ZERO;
                    for _ in 0..runs {
                        let run = Run::new("nine").journal(Arc::clone(&journal), durability);
                        let start = Instant::now();
                        let body = run.execute(&1, async |cx| {
                            let mut n = 0;
                            for step in &steps {
                                n = step.run(n, &cx).await?;
                            }
                            Ok(n)
                        });
                        assert_eq!(black_box(profile::record(body).await).output.unwrap(), 9);
                        spent += start.elapsed();
                    }
                    spent
                })
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = machine::criterion(); targets = durability }
criterion_main!(benches);
