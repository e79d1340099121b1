//! What every benchmark prints first. Benchmarks of other crates use this file by its path.

/// Prints processor, cores, compiler and version, so that a figure can be placed.
pub fn describe() {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let compiler = std::process::Command::new("rustc").arg("--version").output();
    let compiler =
        compiler.map_or_else(|_| "unknown".into(), |out| String::from_utf8_lossy(&out.stdout).trim().to_owned());
    println!("machine: {}, {cores} cores; {compiler}; ninefold {}", processor(), env!("CARGO_PKG_VERSION"));
}

/// The processor's name, as Linux tells it.
pub fn processor() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split(": ").nth(1));
    model.unwrap_or("unknown").to_owned()
}
