//! Choosing among models: first by what they can do, then by how hard the request is, what it would cost and how long they
//! have been taking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ninefold_core::span::{self, field};
use ninefold_core::{
    Cx, Effort, Error, ErrorKind, Model, ModelId, ModelRequest, OutputFormat, Part, Reply, Result, Role, SessionId,
};
use smol_str::SmolStr;
use tokio::time::Instant;

use crate::Price;
use crate::begin::begin;
use crate::latency::Latency;
use crate::tally::Tally;

/// How much a model can, and how much a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// One fact or one action.
    Small,
    /// One topic in several steps, tools, longer texts.
    Medium,
    /// Comparison, design, diagnosis, long texts.
    Large,
}

impl Tier {
    fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Abilities {
    /// Calls tools.
    pub tools: bool,
    /// Reads images.
    pub images: bool,
    /// Reads files.
    pub files: bool,
    /// Answers by a JSON Schema.
    pub schema: bool,
    /// The most tokens it reads and writes together; none when that is not known.
    pub context: Option<u64>,
}

impl Default for Abilities {
    /// Tools and schemas; neither images nor files; any length.
    fn default() -> Self {
        Self { tools: true, images: false, files: false, schema: true, context: None }
    }
}

/// A model to choose, and what is known of it.
pub struct Route {
    model: Arc<dyn Model>,
    tier: Tier,
    abilities: Abilities,
    price: Option<Price>,
}

impl Route {
    /// A model of this tier with the default abilities and no price.
    pub fn new(model: impl Model + 'static, tier: Tier) -> Self {
        Self { model: Arc::new(model), tier, abilities: Abilities::default(), price: None }
    }

    /// Sets what it takes.
    #[must_use]
    pub fn abilities(mut self, abilities: Abilities) -> Self {
        self.abilities = abilities;
        self
    }

    /// Sets what it costs. A model without a price counts as the most expensive one.
    #[must_use]
    pub fn price(mut self, price: Option<Price>) -> Self {
        self.price = price;
        self
    }

    /// What it cannot do of what is asked.
    fn lacks(&self, need: &Need) -> Option<&'static str> {
        let Abilities { tools, images, files, schema, context } = self.abilities;
        [
            (need.tools && !tools, "calls no tools"),
            (need.images && !images, "reads no images"),
            (need.files && !files, "reads no files"),
            (need.schema && !schema, "takes no schema"),
            (context.is_some_and(|most| need.tokens > most), TOO_LONG),
        ]
        .into_iter()
        .find_map(|(lacks, what)| lacks.then_some(what))
    }
}

const TOO_LONG: &str = "does not take so much";

/// What was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The model.
    pub model: ModelId,
    /// How much the request asks for.
    pub tier: Tier,
    /// Why this model, in words for people: kinds and sizes, no content.
    pub reason: String,
}

/// What a request asks for.
struct Need {
    tools: bool,
    images: bool,
    files: bool,
    schema: bool,
    tokens: u64,
}

/// A model that chooses one of several for each call.
///
/// A pin goes before everything: what is pinned is asked, or the call fails and says what the pinned model lacks. Otherwise a model must
/// be able to do what is asked: tools, images, files, schema, length. Of those, it takes the ones of the tier that the request asks for or
/// above (below only when there is none), leaves out those that failed three times in a row within the last half minute,
/// and picks the one with the least cost: its price for the estimated tokens, and a price for the time that it has been
/// taking to begin its replies. The choice and its reason stand in the span `route`.
///
/// How much a request asks for is told by rules: its length, its tools, words that ask for comparison, design or proof, several questions
/// in one, and [`Effort`] where it is set. [`Router::judge`] takes another judge.
///
/// Its identity is made of those of its models. Stands outside of all that belongs to one model. Costs a call a few µs and one copy of nothing.
pub struct Router {
    id: ModelId,
    variant: String,
    routes: Vec<Route>,
    judge: Arc<Judge>,
    second: f64,
    state: Mutex<State>,
}

type Judge = dyn Fn(&ModelRequest) -> Tier + Send + Sync;

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    pin: Option<usize>,
    pins: HashMap<SessionId, usize>,
}

#[derive(Default)]
struct Seen {
    latency: Latency,
    mean: Option<Duration>,
    failures: u32,
    failed: Option<Instant>,
}

/// So many sessions can have a pin of their own.
const MAX_PINS: usize = 100_000;
/// So many failures in a row, so short ago, and a model is left out while there is another.
const FAILURES: u32 = 3;
const LATELY: Duration = Duration::from_secs(30);
/// What a second of waiting is worth, in US dollars, unless set otherwise.
const SECOND: f64 = 0.001;

impl Router {
    /// Chooses among these.
    ///
    /// # Errors
    /// `InvalidInput` when there is nothing to choose from, or the same model twice.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Result<Self> {
        let routes: Vec<Route> = routes.into_iter().collect();
        let names: Vec<String> = routes.iter().map(|route| route.model.id().to_string()).collect();
        let twice = names.iter().enumerate().any(|(n, name)| names.iter().skip(n + 1).any(|other| other == name));
        if routes.is_empty() || twice {
            let what = if twice { "a router has the same model twice" } else { "a router has no model" };
            return Err(Error::new(ErrorKind::InvalidInput, what).hint("give each of its models once"));
        }
        let variant = routes.iter().map(|route| route.model.variant()).collect::<Vec<_>>().join("+");
        let seen = routes.iter().map(|_| Seen::default()).collect();
        let state = Mutex::new(State { seen, ..State::default() });
        let id = ModelId { provider: SmolStr::new_static("router"), name: SmolStr::from(names.join("+")) };
        Ok(Self { id, variant, routes, judge: Arc::new(tier), second: SECOND, state })
    }

    /// Judges how much requests ask for by this instead of by the rules.
    #[must_use]
    pub fn judge(mut self, judge: impl Fn(&ModelRequest) -> Tier + Send + Sync + 'static) -> Self {
        self.judge = Arc::new(judge);
        self
    }

    /// Sets what a second of waiting is worth, in US dollars: more prefers fast models, 0 cheap ones.
    #[must_use]
    pub fn second_is_worth(mut self, dollars: f64) -> Self {
        self.second = if dollars.is_finite() { dollars.max(0.0) } else { SECOND };
        self
    }

    fn place(&self, model: &ModelId) -> Result<usize> {
        self.routes.iter().position(|route| route.model.id() == model).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the router has no model {model}"))
                .hint(format!("it has {}", self.id.name.replace('+', ", ")))
        })
    }

    /// Has every call go to this model from now on; none for no pin.
    ///
    /// # Errors
    /// `NotFound` for a model that is not among those to choose from.
    pub fn pin(&self, model: Option<&ModelId>) -> Result<()> {
        let place = model.map(|model| self.place(model)).transpose()?;
        self.state().pin = place;
        Ok(())
    }

    /// Has every call of a session go to this model from now on, whatever else is pinned; none for no pin of its own.
    ///
    /// # Errors
    /// `NotFound` for a model that is not among those to choose from; `Unavailable` past 100,000 pinned sessions.
    pub fn pin_session(&self, session: &SessionId, model: Option<&ModelId>) -> Result<()> {
        let place = model.map(|model| self.place(model)).transpose()?;
        let pins = &mut self.state().pins;
        match place {
            None => drop(pins.remove(session)),
            Some(_) if pins.len() >= MAX_PINS && !pins.contains_key(session) => {
                return Err(Error::new(ErrorKind::Unavailable, format!("{MAX_PINS} sessions have pinned a model"))
                    .hint("take the pins of sessions that are over away"));
            }
            Some(place) => drop(pins.insert(session.clone(), place)),
        }
        Ok(())
    }

    /// Which model a request would go to now, and why.
    ///
    /// # Errors
    /// `TooLong` when it is too long for all that could take it otherwise; `InvalidInput` when none can do what is asked, or
    /// the pinned one cannot.
    pub fn choose(&self, request: &ModelRequest, cx: &Cx) -> Result<Choice> {
        self.decide(request, cx).map(|(_, choice)| choice)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn decide(&self, request: &ModelRequest, cx: &Cx) -> Result<(&Route, Choice)> {
        let estimate = Tally::new(request).estimate();
        let need = need(request, estimate.total());
        let state = self.state();
        let pin = cx.session().and_then(|session| state.pins.get(session)).copied().or(state.pin);
        let tier = (self.judge)(request);
        if let Some(route) = pin.and_then(|place| self.routes.get(place)) {
            let model = route.model.id().clone();
            if let Some(what) = route.lacks(&need) {
                let kind = if what == TOO_LONG { ErrorKind::TooLong } else { ErrorKind::InvalidInput };
                return Err(Error::new(kind, format!("{model} is pinned and {what}"))
                    .hint("take the pin away, or pin a model that can do what is asked"));
            }
            return Ok((route, Choice { model, tier, reason: "pinned".to_owned() }));
        }
        let able = |route: &&(usize, &Route)| route.1.lacks(&need).is_none();
        let routes: Vec<(usize, &Route)> = self.routes.iter().enumerate().collect();
        let mut able: Vec<(usize, &Route)> = routes.iter().filter(able).copied().collect();
        if able.is_empty() {
            return Err(self.nobody(&need));
        }
        let unable = routes.len() - able.len();
        let now = Instant::now();
        let fails = |place: usize| {
            state.seen.get(place).is_some_and(|seen| {
                seen.failures >= FAILURES && seen.failed.is_some_and(|at| now.saturating_duration_since(at) < LATELY)
            })
        };
        let mut failing = 0;
        if able.iter().any(|(place, _)| !fails(*place)) {
            let before = able.len();
            able.retain(|(place, _)| !fails(*place));
            failing = before - able.len();
        }
        let reached = able.iter().any(|(_, route)| route.tier >= tier);
        let highest = able.iter().map(|(_, route)| route.tier).max().unwrap_or(tier);
        able.retain(|(_, route)| if reached { route.tier >= tier } else { route.tier == highest });
        let cost = |route: &Route| route.price.map(|price| price.of(&estimate).usd());
        let dearest = able.iter().filter_map(|(_, route)| cost(route)).fold(0.0, f64::max);
        let time = |place: usize| state.seen.get(place).and_then(|seen| seen.mean);
        let score = |&(place, route): &(usize, &Route)| {
            cost(route).unwrap_or(dearest) + self.second * time(place).unwrap_or_default().as_secs_f64()
        };
        let best = able.iter().min_by(|a, b| score(a).total_cmp(&score(b)).then(a.1.tier.cmp(&b.1.tier)));
        let Some(&(place, route)) = best else { return Err(self.nobody(&need)) };
        let mut reason = format!("asks for a {} model", tier.name());
        if !reached {
            reason.push_str(", and there is none");
        }
        reason.push_str(&format!("; best of {}", able.len()));
        match cost(route) {
            Some(cost) => reason.push_str(&format!(": about ${cost:.6}")),
            None => reason.push_str(": price unknown"),
        }
        if let Some(time) = time(place) {
            reason.push_str(&format!(", begins after {:.2} s", time.as_secs_f64()));
        }
        for (count, what) in [(unable, "cannot do it"), (failing, "failing")] {
            if count > 0 {
                reason.push_str(&format!("; {count} {what}"));
            }
        }
        Ok((route, Choice { model: route.model.id().clone(), tier, reason }))
    }

    /// The error when no model can do what is asked.
    fn nobody(&self, need: &Need) -> Error {
        let lacks: Vec<(String, &str)> =
            self.routes.iter().filter_map(|route| Some((route.model.id().to_string(), route.lacks(need)?))).collect();
        let long = lacks.iter().any(|(_, what)| *what == TOO_LONG);
        let lacks: Vec<String> = lacks.into_iter().map(|(model, what)| format!("{model} {what}")).collect();
        let kind = if long { ErrorKind::TooLong } else { ErrorKind::InvalidInput };
        Error::new(kind, format!("no model can do what is asked: {}", lacks.join(", ")))
            .hint("add a model that can, or ask for less")
    }

    fn note(&self, model: &ModelId, outcome: Result<Duration, &Error>) {
        let Some(place) = self.routes.iter().position(|route| route.model.id() == model) else { return };
        let mut state = self.state();
        let Some(seen) = state.seen.get_mut(place) else { return };
        match outcome {
            Ok(time) => {
                seen.failures = 0;
                seen.latency.add(time);
                // The median once there is one; until then a moving mean.
                let mean = seen.mean.map_or(time, |mean| (mean * 7 + time) / 8);
                seen.mean = Some(seen.latency.figures().map_or(mean, |figures| figures.median));
            }
            Err(error)
                if error.is_transient()
                    || matches!(error.kind(), ErrorKind::Permanent | ErrorKind::DeadlineExceeded) =>
            {
                seen.failures = seen.failures.saturating_add(1);
                seen.failed = Some(Instant::now());
            }
            Err(_) => {}
        }
    }
}

#[async_trait]
impl Model for Router {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn variant(&self) -> &str {
        &self.variant
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let span = span::route();
        let decided = self.decide(&request, cx);
        let (route, choice) = match decided {
            Ok(decided) => decided,
            Err(error) => {
                span::record_error(&span, &error);
                return Err(error);
            }
        };
        span.record(field::PROVIDER, choice.model.provider.as_str());
        span.record(field::MODEL, choice.model.name.as_str());
        span.record(field::REASON, choice.reason.as_str());
        drop(span);
        let sent = Instant::now();
        let begun = match route.model.send(request, cx).await {
            Ok(reply) => begin(reply).await,
            Err(error) => Err(error),
        };
        self.note(&choice.model, begun.as_ref().map(|_| sent.elapsed()));
        Ok(begun?.into_reply())
    }
}

fn need(request: &ModelRequest, tokens: u64) -> Need {
    let parts = || request.messages.iter().flat_map(|message| &message.parts);
    Need {
        tools: !request.tools.is_empty(),
        images: parts().any(|part| matches!(part, Part::Image { .. })),
        files: parts().any(|part| matches!(part, Part::File { .. })),
        schema: matches!(request.output, OutputFormat::Schema { .. }),
        tokens,
    }
}

/// Words that ask for more than a fact or an action.
const HARD: &[&str] = &[
    "analyze",
    "analyse",
    "compare",
    "contrast",
    "design",
    "architect",
    "prove",
    "derive",
    "diagnose",
    "debug",
    "refactor",
    "optimize",
    "optimise",
    "evaluate",
    "assess",
    "investigate",
    "trade-off",
    "tradeoffs",
    "trade-offs",
    "strategy",
    "implications",
    "vulnerabilities",
    "security",
    "root",
    "plan",
    "why",
    "vergleiche",
    "entwirf",
    "beweise",
    "analysiere",
    "compare-les",
];
const MEDIUM: &[&str] = &[
    "explain",
    "summarize",
    "summarise",
    "describe",
    "write",
    "implement",
    "translate",
    "steps",
    "how",
    "list",
    "convert",
    "extract",
    "erkläre",
    "schreibe",
    "résume",
    "explica",
];
/// Past so many bytes of a question nothing new is learned about how hard it is.
const READ: usize = 16 * 1024;

/// How much a request asks for, by rules.
fn tier(request: &ModelRequest) -> Tier {
    match request.effort {
        Some(Effort::High) => return Tier::Large,
        Some(Effort::Minimal) => return Tier::Small,
        Some(Effort::Low | Effort::Medium) | None => {}
    }
    let mut points = 0;
    let read: u64 = request.messages.iter().map(ninefold_core::Message::text_bytes).sum();
    points += i32::from(read > 8_000) + 2 * i32::from(read > 60_000);
    points += i32::from(!request.tools.is_empty()) + i32::from(request.tools.len() >= 8);
    let question = request.messages.iter().rev().find(|message| message.role == Role::User);
    let (mut hard, mut medium, mut words, mut questions) = (0, false, 0, 0);
    for text in question.iter().flat_map(|message| message.texts()) {
        let text = text.get(..text.floor_char_boundary(READ)).unwrap_or(text);
        for piece in text.split_whitespace() {
            words += 1;
            questions += i32::from(piece.ends_with('?'));
            let word = piece.trim_matches(|c: char| !c.is_alphanumeric());
            let is = |list: &[&str]| list.iter().any(|other| other.eq_ignore_ascii_case(word));
            hard += i32::from(is(HARD));
            medium |= is(MEDIUM);
        }
        points += i32::from(text.contains("```"));
    }
    points += 2 * hard.min(2) + i32::from(medium) + i32::from(words > 60) + i32::from(words > 250);
    points += i32::from(questions > 1);
    match points {
        ..=1 => Tier::Small,
        2..=3 => Tier::Medium,
        _ => Tier::Large,
    }
}
