//! Answering what was answered for a question that means the same.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use ninefold_core::{
    Cx, Delta, Embedder, Error, Key, Model, ModelId, ModelRequest, OutputFormat, Part, Purpose, Reply, Result, Role,
    Timestamp,
};
use tokio::time::Instant;

use crate::answer::{Answer, is_worth_keeping, text_of};
use crate::finish::{Ending, Finish, finished_by};
use crate::gate::{Sense, Wording};

/// When two questions count as one, and how that is checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimilarPolicy {
    /// The least cosine of the embeddings of two questions. It is raised by checks that fail.
    pub threshold: f32,
    /// How much the words may differ.
    pub wording: Wording,
    /// How many questions are kept; the oldest go first. Each look-up passes over those of its kind.
    pub capacity: usize,
    /// How many bytes of questions and replies are kept, about; the oldest go first, and a reply that is larger alone is not kept.
    pub max_bytes: usize,
    /// How long a reply counts.
    pub time_to_live: Duration,
    /// The share of hits that are checked: the model is asked all the same, and its reply is the one that is given.
    pub checked: f64,
    /// The largest share of checks that may fail before the threshold is raised.
    pub false_hits: f64,
    /// The least cosine of two replies that say the same.
    pub alike: f32,
}

impl Default for SimilarPolicy {
    /// A cosine of .92, the same wording, 4,096 questions, 64 MiB, an hour; one hit in twenty is checked, one check in a hundred may
    /// fail.
    fn default() -> Self {
        Self {
            threshold: 0.92,
            wording: Wording::default(),
            capacity: 4_096,
            max_bytes: 64 * 1024 * 1024,
            time_to_live: Duration::from_secs(60 * 60),
            checked: 0.05,
            false_hits: 0.01,
            alike: 0.85,
        }
    }
}

/// What a [`Similar`] has done, and how sure it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct SimilarCounts {
    /// Questions answered from what was kept.
    pub hits: u64,
    /// Questions for which nothing was near enough.
    pub misses: u64,
    /// Questions that were near enough and did not ask the same.
    pub told_apart: u64,
    /// Hits that were checked.
    pub checks: u64,
    /// Checks in which the model answered something else.
    pub false_hits: u64,
    /// The threshold as it is now.
    pub threshold: f32,
}

/// A model that answers a question as it answered one that means the same. Only the last message may differ, and only in its
/// text: everything else of the request, the model and the scope of the run must be equal. Near in meaning is not enough:
/// numbers, names, negations, directions and the kind of question must be the same, and by default the content words.
///
/// It errs now and then, so it is used where a host asks for it, and it measures how often: a share of the hits is
/// checked against what the model says now. When more of these checks fail than may, the threshold goes a quarter of the way towards
/// 1, and what misled is forgotten. [`Similar::counts`] tells.
///
/// Stands outside of [`Cached`](crate::Cached), which finds what is equal and is cheaper: put this around it, and equal requests that are
/// not found here are found there. Costs a call an embedding and a pass over the questions of the same kind.
pub struct Similar<M> {
    inner: M,
    shared: Arc<Shared>,
}

struct Shared {
    policy: SimilarPolicy,
    embedder: Arc<dyn Embedder>,
    state: Mutex<State>,
}

struct State {
    kinds: HashMap<Key, Vec<Entry>>,
    /// Oldest first.
    order: VecDeque<(Key, u64)>,
    /// How much memory the entries take, about.
    bytes: usize,
    next: u64,
    counts: SimilarCounts,
    random: fastrand::Rng,
    trouble: Option<Error>,
}

struct Entry {
    number: u64,
    question: Question,
    answer: Arc<Answer>,
}

#[derive(Clone)]
struct Question {
    vector: Arc<[f32]>,
    sense: Arc<Sense>,
    /// The bytes of its text.
    text: usize,
}

impl Entry {
    /// About how much memory it takes: its words are kept several times over.
    fn bytes(&self) -> usize {
        let question = size_of_val(&*self.question.vector) + 4 * self.question.text;
        size_of::<Self>() + question + self.answer.bytes()
    }
}

impl<M: Model> Similar<M> {
    /// Answers what `inner` has answered, by the embeddings of this embedder.
    pub fn new(inner: M, embedder: Arc<dyn Embedder>, policy: SimilarPolicy) -> Self {
        let counts = SimilarCounts { threshold: policy.threshold, ..SimilarCounts::default() };
        let state = State {
            kinds: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            next: 0,
            counts,
            random: fastrand::Rng::new(),
            trouble: None,
        };
        Self { inner, shared: Arc::new(Shared { policy, embedder, state: Mutex::new(state) }) }
    }

    /// Makes the choice of what is checked repeat.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.shared.state().random.seed(seed);
        self
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> SimilarCounts {
        self.shared.state().counts
    }

    /// Why a question could not be embedded, the last time that one could not: the model was asked.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.shared.state().trouble.clone()
    }
}

/// The question at the end of a request, taken out of it; none when it ends with something else.
fn take_question(request: &mut ModelRequest) -> Option<String> {
    let last = request.messages.last_mut().filter(|last| last.role == Role::User)?;
    let text = |part: &Part| matches!(part, Part::Text { .. });
    let question = last.text();
    (last.parts.iter().all(text) && !question.trim().is_empty()).then(|| {
        last.parts.clear();
        question
    })
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One vector for each text; none, and why, when the embedder does not go along.
    async fn embed(&self, texts: &[String]) -> Option<Vec<Vec<f32>>> {
        match self.embedder.embed(texts, Purpose::Query).await {
            Ok(embedded) if embedded.vectors.len() == texts.len() => Some(embedded.vectors),
            Ok(_) => None,
            Err(error) => {
                self.state().trouble = Some(error);
                None
            }
        }
    }

    /// Whether two replies say the same.
    async fn alike(&self, one: &str, other: &str) -> Option<bool> {
        if one.trim() == other.trim() {
            return Some(true);
        }
        let vectors = self.embed(&[one.to_owned(), other.to_owned()]).await?;
        let near = match vectors.as_slice() {
            [one, other] => cosine(one, other) >= self.policy.alike,
            _ => return None,
        };
        Some(near && !Sense::of(one).contradicts(&Sense::of(other)))
    }
}

impl State {
    /// The nearest kept question that asks the same.
    fn find(&mut self, kind: Key, question: &Question, now: Timestamp, wording: Wording) -> Option<(u64, Arc<Answer>)> {
        let threshold = self.counts.threshold;
        let mut best: Option<(f32, &Entry)> = None;
        let mut apart = false;
        for entry in self.kinds.get(&kind).into_iter().flatten().filter(|entry| entry.answer.expires > now) {
            let near = cosine(&entry.question.vector, &question.vector);
            if near < threshold || best.is_some_and(|(nearest, _)| nearest >= near) {
                continue;
            }
            if entry.question.sense.differs(&question.sense, wording).is_some() {
                apart = true;
            } else {
                best = Some((near, entry));
            }
        }
        let found = best.map(|(_, entry)| (entry.number, Arc::clone(&entry.answer)));
        self.counts.told_apart += u64::from(apart && found.is_none());
        found
    }

    fn keep(&mut self, kind: Key, question: Question, answer: Arc<Answer>, policy: &SimilarPolicy) {
        let entry = Entry { number: self.next + 1, question, answer };
        let bytes = entry.bytes();
        if bytes > policy.max_bytes {
            return;
        }
        while self.order.len() >= policy.capacity.max(1) || self.bytes + bytes > policy.max_bytes {
            let Some((kind, number)) = self.order.pop_front() else { break };
            self.forget(kind, number);
        }
        self.next += 1;
        self.bytes += bytes;
        self.kinds.entry(kind).or_default().push(entry);
        self.order.push_back((kind, self.next));
    }

    fn forget(&mut self, kind: Key, number: u64) {
        if let Some(entries) = self.kinds.get_mut(&kind) {
            let gone: usize = entries.extract_if(.., |entry| entry.number == number).map(|entry| entry.bytes()).sum();
            self.bytes = self.bytes.saturating_sub(gone);
            if entries.is_empty() {
                self.kinds.remove(&kind);
            }
        }
    }
}

/// The cosine of two vectors of length 1; 0 when they are not of one length.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    if one.len() != other.len() {
        return 0.0;
    }
    // Sixteen sums at once, which the compiler keeps in registers.
    let mut sums = [0.0f32; 16];
    let (a, b) = (one.chunks_exact(16), other.chunks_exact(16));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[async_trait]
impl<M: Model> Model for Similar<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let mut rest = request.clone();
        let Some(text) = take_question(&mut rest) else { return self.inner.send(request, cx).await };
        let kind = Key::of(&(self.inner.id(), self.inner.variant(), self.shared.embedder.model(), cx.scope(), &rest))?;
        let (sense, length) = (Arc::new(Sense::of(&text)), text.len());
        let vectors = crate::bound::within(cx, self.shared.embed(&[text])).await?;
        let Some(vector) = vectors.and_then(|vectors| vectors.into_iter().next()) else {
            return self.inner.send(request, cx).await;
        };
        let question = Question { vector: vector.into(), sense, text: length };
        let policy = self.shared.policy;
        let found = {
            let mut state = self.shared.state();
            let found = state.find(kind, &question, cx.now(), policy.wording);
            match found {
                Some(_) => state.counts.hits += 1,
                None => state.counts.misses += 1,
            }
            found.map(|(number, answer)| (number, answer, state.random.f64() < policy.checked))
        };
        let checked = match found {
            Some((_, answer, false)) => return Ok(answer.hit(self.inner.id(), &request)),
            Some((number, answer, true)) => Some((number, answer)),
            None => None,
        };
        let (shared, called, output) = (Arc::clone(&self.shared), Instant::now(), request.output.clone());
        let reply = self.inner.send(request, cx).await?;
        let learning = Learning { shared, kind, question, checked, cx: cx.clone(), called, output, deltas: Vec::new() };
        Ok(finished_by(reply, learning))
    }
}

/// Listens to a reply, to keep it, and to compare it with the one that would have been given.
struct Learning {
    shared: Arc<Shared>,
    kind: Key,
    question: Question,
    checked: Option<(u64, Arc<Answer>)>,
    cx: Cx,
    called: Instant,
    output: OutputFormat,
    deltas: Vec<Delta>,
}

impl Finish for Learning {
    fn hear(&mut self, delta: &Delta) {
        self.deltas.push(delta.clone());
    }

    fn finish(self, ending: Ending) -> Option<BoxFuture<'static, ()>> {
        if ending != Ending::Whole || !is_worth_keeping(&self.deltas, &self.output) {
            return None;
        }
        let Self { shared, kind, question, checked, cx, called, deltas, .. } = self;
        let policy = shared.policy;
        let Some((number, given)) = checked else {
            let answer = Arc::new(Answer::new(deltas, called.elapsed(), cx.now(), policy.time_to_live));
            shared.state().keep(kind, question, answer, &policy);
            return None;
        };
        let check = async move {
            let Some(alike) = shared.alike(&text_of(&given.deltas), &text_of(&deltas)).await else { return };
            let mut state = shared.state();
            let counts = &mut state.counts;
            counts.checks += 1;
            if !alike {
                counts.false_hits += 1;
                if counts.false_hits as f64 > counts.checks as f64 * policy.false_hits {
                    counts.threshold += (1.0 - counts.threshold) / 4.0;
                }
                state.forget(kind, number);
            }
        };
        Some(check.boxed())
    }
}
