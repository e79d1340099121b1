//! A week of use: does it help that memory knows what was used, when and how often?
//!
//! Each day somebody works in three files of a crate and asks 40 times for functions there, by words half remembered. A
//! share of the questions goes back to something asked for before, the sooner the likelier: the odds that a thing is
//! needed again fall as a power of the time since (Anderson and Schooler, "Reflections of the environment in memory",
//! 1991). What was found is used, and so noted. The same questions are asked of the same store with and without the time.

use std::path::{Path, PathBuf};

use ninefold::store::{Indexer, MemoryStore};
use ninefold::{ChunkId, Search, Store, Timestamp};

use crate::corpus::Corpus;
use crate::known_item::Items;
use crate::machine::{Report, Target};
use crate::measure::{Query, reciprocal_rank};

const DAYS: u64 = 7;
const QUESTIONS: u64 = 40;
const FILES: usize = 3;
/// So many words are remembered.
const WORDS: usize = 2;
/// How the odds of a return fall with the number of questions since.
const DECAY: f64 = 0.8;
const DAY: i64 = 86_400_000_000;
const STEP: i64 = 8 * 60_000_000;

/// What the questions came to, with the time and without.
#[derive(Default)]
struct Sums {
    questions: u64,
    with: f64,
    without: f64,
    /// Of each week.
    gains: Vec<f64>,
}

impl Sums {
    fn add(&mut self, week: (u64, f64, f64)) {
        let (questions, with, without) = week;
        self.questions += questions;
        self.with += with;
        self.without += without;
        if questions > 0 {
            self.gains.push((with - without) / questions as f64);
        }
    }

    fn report(&self, report: &mut Report, name: &str) {
        let n = self.questions.max(1) as f64;
        let weeks = self.gains.len().max(1) as f64;
        let mean = self.gains.iter().sum::<f64>() / weeks;
        let variance = self.gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (weeks - 1.0).max(1.0);
        let within = 1.96 * (variance / weeks).sqrt();
        let row = format!("a week of use, MRR@10 of questions {name}");
        report.value(&row, "time not known", "", self.without / n, Target::None);
        report.value(&row, "time known", "", self.with / n, Target::None);
        report.interval(
            &row,
            "gain, by weeks",
            "",
            self.gains.len(),
            [mean - within, mean, mean + within],
            Target::None,
        );
    }
}

/// Weeks on each of the crates, with returns and without.
pub async fn simulate(crates: &[PathBuf], weeks: u64, report: &mut Report) {
    for (share, name) in [(0.6, "of which 60 % return"), (0.0, "of which none returns")] {
        let (mut again, mut new) = (Sums::default(), Sums::default());
        for root in crates {
            let folder = tempfile::tempdir().unwrap();
            Corpus::read(root).write(folder.path(), false);
            let items = Items::of(folder.path());
            for seed in 0..weeks {
                let [returned, first] = week(folder.path(), &items, share, seed).await;
                again.add(returned);
                new.add(first);
            }
        }
        if share > 0.0 {
            again.report(report, &format!("{name}: returning"));
        }
        new.report(report, &format!("{name}: new"));
    }
}

/// Of the questions that return and of the new ones: how many, and their reciprocal ranks with and without the time.
async fn week(folder: &Path, items: &Items, share: f64, seed: u64) -> [(u64, f64, f64); 2] {
    let store = MemoryStore::new();
    let store: std::sync::Arc<dyn Store> = std::sync::Arc::new(store);
    Indexer::new(std::sync::Arc::clone(&store)).index(&[folder], |_| {}).await.unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    let rich: Vec<usize> = (0..items.chunks.len()).filter(|&item| items.is_rich(item)).collect();
    let mut used: Vec<usize> = Vec::new();
    let mut sums = [(0, 0.0, 0.0); 2];
    let mut files: Vec<&str> = Vec::new();
    for day in 0..DAYS {
        // Two of three files are those of the day before.
        files.truncate(FILES - 1);
        while files.len() < FILES {
            files.push(items.chunks[rich[random.usize(..rich.len())]].path.as_str());
        }
        let here: Vec<usize> =
            rich.iter().copied().filter(|&item| files.contains(&items.chunks[item].path.as_str())).collect();
        for question in 0..QUESTIONS {
            let now = Timestamp(1_700_000_000_000_000 + day as i64 * DAY + question as i64 * STEP);
            let returns = !used.is_empty() && random.f64() < share;
            let item = if returns { again(&used, &mut random) } else { here[random.usize(..here.len())] };
            let chunk = &items.chunks[item];
            let query = Query {
                text: items.query(item, WORDS, &mut random),
                path: chunk.path.to_string(),
                line: chunk.lines.first,
            };
            let search = Search::new(query.text.as_str());
            let without = reciprocal_rank(&store.search(&search).await.unwrap(), &query);
            let with = store.search(&Search { now: Some(now), ..search }).await.unwrap();
            let known = usize::from(!used.contains(&item));
            let (n, sum_with, sum_without) = &mut sums[known];
            *n += 1;
            *sum_with += reciprocal_rank(&with, &query);
            *sum_without += without;
            let id: ChunkId = chunk.id;
            store.touch(&[id], now).await.unwrap();
            used.push(item);
        }
    }
    sums
}

/// Something used before; the odds fall with how many questions ago it was.
fn again(used: &[usize], random: &mut fastrand::Rng) -> usize {
    let odds = |ago: usize| (ago as f64 + 1.0).powf(-DECAY);
    let mut place = random.f64() * (0..used.len()).map(odds).sum::<f64>();
    for (ago, item) in used.iter().rev().enumerate() {
        place -= odds(ago);
        if place <= 0.0 {
            return *item;
        }
    }
    used[0]
}
