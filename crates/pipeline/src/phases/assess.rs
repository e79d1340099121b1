//! How hard is the question? By its features first, in microseconds; by the model only when the features leave it open.

use std::sync::Arc;

use ninefold_core::{Assessment, Complexity, Cx, DecidedBy, Model, ModelRequest, Phase, Result};
use serde::Deserialize;

use super::{Noted, ask_json, fill, model_unusable};

/// Below this confidence of the rules a model, if there is one, decides.
const SURE: f32 = 0.6;

/// The phase `assess`.
pub struct Assess {
    /// Who is asked when the rules are unsure.
    pub model: Option<Arc<dyn Model>>,
}

impl Phase<Arc<str>> for Assess {
    type Out = Noted<Assessment>;

    async fn run(&self, question: Arc<str>, cx: &Cx) -> Result<Noted<Assessment>> {
        let by_rules = by_rules(&question);
        let Some(model) = self.model.as_ref().filter(|_| by_rules.confidence < SURE) else {
            return Ok(Noted::new(by_rules));
        };
        match by_model(model.as_ref(), &question, cx).await {
            Ok(assessment) => Ok(Noted::new(assessment)),
            Err(error) if error.ends_run() => Err(error),
            Err(error) => Ok(Noted::new(by_rules).with(model_unusable("assess", &error))),
        }
    }
}

/// Whether the rules leave it open how hard a question is.
pub(crate) fn leaves_open(question: &str) -> bool {
    by_rules(question).confidence < SURE
}

/// Features of a question that tell how much work it is.
#[derive(Debug, Default)]
struct Features {
    words: usize,
    questions: usize,
    clauses: usize,
    open_ended: Vec<String>,
    steps: usize,
    harmful: Vec<String>,
}

/// Beginnings of words that ask for comparison, design, diagnosis or judgement (English, German, French, Spanish).
const OPEN_ENDED: &[&str] = &[
    "analy",
    "assess",
    "compar",
    "contrast",
    "critiq",
    "debug",
    "design",
    "diagnos",
    "differ",
    "evaluat",
    "architect",
    "impact",
    "improv",
    "investigat",
    "migrat",
    "optimi",
    "pros",
    "recommend",
    "redesign",
    "refactor",
    "strateg",
    "tradeoff",
    "versus",
    "vs",
    "weigh",
    "why",
    "bewert",
    "entwirf",
    "unterschied",
    "vergleich",
    "warum",
    "wieso",
    "pourquoi",
    "différence",
    "diferencia",
    "compara",
];

/// Beginnings of words that ask for a procedure.
const STEPS: &[&str] = &[
    "add",
    "build",
    "configur",
    "connect",
    "creat",
    "deploy",
    "how",
    "implement",
    "install",
    "integrat",
    "set",
    "setup",
    "steps",
    "walk",
    "wie",
    "comment",
    "cómo",
];

/// Beginnings of words where a wrong answer harms.
const HARMFUL: &[&str] = &[
    "attack",
    "authenti",
    "authoriz",
    "backup",
    "breach",
    "complian",
    "credential",
    "delet",
    "dosage",
    "encrypt",
    "exploit",
    "gdpr",
    "hipaa",
    "injection",
    "lawsuit",
    "legal",
    "liabil",
    "medic",
    "outage",
    "password",
    "patient",
    "payment",
    "privacy",
    "production",
    "ransom",
    "refund",
    "secur",
    "sicherheit",
    "tax",
    "vulnerab",
    "passwort",
    "sécurité",
    "seguridad",
];

fn features(question: &str) -> Features {
    let mut features = Features::default();
    let lower = question.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let begins =
            |cues: &[&str]| cues.iter().any(|cue| if cue.len() < 4 { word == *cue } else { word.starts_with(cue) });
        // A script without spaces writes about two characters a word.
        features.words +=
            if word.is_ascii() { 1 } else { word.chars().filter(|c| *c > '\u{2e7f}').count().div_ceil(2).max(1) };
        if begins(OPEN_ENDED) {
            features.open_ended.push(word.to_owned());
        }
        if begins(HARMFUL) {
            features.harmful.push(word.to_owned());
        }
        features.steps += usize::from(begins(STEPS));
    }
    features.questions = question.chars().filter(|c| matches!(c, '?' | '？' | '؟')).count();
    features.clauses =
        1 + question.chars().filter(|c| matches!(c, ',' | ';' | '\n' | '、' | '，' | '；' | '،')).count();
    features
}

/// The assessment by features alone.
#[must_use]
pub fn by_rules(question: &str) -> Assessment {
    let f = features(question);
    let named = |cues: &[String]| cues.join(", ");
    let (complexity, confidence, reason) = if f.harmful.len() >= 2 || !f.harmful.is_empty() && !f.open_ended.is_empty()
    {
        (Complexity::Critical, 0.9, format!("a wrong answer could harm: {}", named(&f.harmful)))
    } else if f.open_ended.len() >= 2 || !f.open_ended.is_empty() && (f.words >= 12 || f.clauses >= 3) {
        (Complexity::Complex, 0.85, format!("it asks for judgement: {}", named(&f.open_ended)))
    } else if f.questions >= 2 || f.words > 40 {
        (Complexity::Complex, 0.7, format!("{} questions in {} words", f.questions.max(1), f.words))
    } else if !f.harmful.is_empty() {
        (Complexity::Medium, 0.55, format!("it touches {}, but asks for no judgement", named(&f.harmful)))
    } else if !f.open_ended.is_empty() {
        (Complexity::Medium, 0.65, format!("it asks for judgement on one topic: {}", named(&f.open_ended)))
    } else if f.steps > 0 && f.words > 9 || f.words > 16 || f.clauses >= 3 {
        let clauses = if f.clauses == 1 { "one clause".to_owned() } else { format!("{} clauses", f.clauses) };
        (Complexity::Medium, 0.7, format!("one topic in {} words and {clauses}", f.words))
    } else {
        let confidence = if f.words <= 8 { 0.95 } else { 0.75 };
        (Complexity::Simple, confidence, format!("one short question of {} words", f.words))
    };
    Assessment { complexity, confidence, reason, by: DecidedBy::Rules }
}

#[derive(Deserialize)]
struct Opinion {
    complexity: Complexity,
    confidence: f32,
    reason: String,
}

async fn by_model(model: &dyn Model, question: &str, cx: &Cx) -> Result<Assessment> {
    let request =
        ModelRequest::new(include_str!("../prompts/assess.md"), fill("{{question}}", &[("question", question)]));
    let Opinion { complexity, confidence, reason } = ask_json(model, request, cx).await?;
    let confidence = if confidence.is_nan() { 0.0 } else { confidence.clamp(0.0, 1.0) };
    Ok(Assessment { complexity, confidence, reason, by: DecidedBy::Model })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_levels() {
        let level = |question: &str| by_rules(question).complexity;
        assert_eq!(level("What does the main function do?"), Complexity::Simple);
        assert_eq!(level("主函数做什么？"), Complexity::Simple);
        assert_eq!(
            level("How do I add a provider, give it a key and test it with the conformance suite?"),
            Complexity::Medium
        );
        assert_eq!(level("Compare the two stores and recommend one for a laptop"), Complexity::Complex);
        assert_eq!(level("What is a phase? Who runs it? When is it cached?"), Complexity::Complex);
        assert_eq!(
            level(
                "Analyze the authentication flow and identify potential security vulnerabilities in the session management code"
            ),
            Complexity::Critical
        );
    }

    #[test]
    fn the_reason_names_what_was_seen() {
        assert_eq!(by_rules("Compare Redis versus SQLite").reason, "it asks for judgement: compare, versus");
    }
}
