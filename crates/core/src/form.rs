//! The forms in which an answer is given to its reader.
//!
//! | form | what it holds |
//! |---|---|
//! | quiet | the text, and what its marks refer to |
//! | normal | also what was done with less than asked |
//! | verbose | also how the question was assessed, how the plan was judged, and how far the answer can be trusted |
//! | JSON | everything, the account of the run included, for programs: [`Answer`] as `serde` writes it, in one line |
//!
//! What models and files say is shown so that it cannot steer a terminal; JSON escapes it and keeps it as it is. JSON reads back as
//! the same answer; who does not know the type of its account reads it as `Answer<serde_json::Value>`. Fields may be
//! added to it, and are left out where they are empty; none changes its meaning.

use std::fmt;

use serde::Serialize;

use crate::answer::{Answer, PlanOrigin};
use crate::assessment::DecidedBy;
use crate::evidence::Citation;
use crate::finding::CitedFinding;
use crate::printable::{one_line, plain};
use crate::verdict::Decision;

/// How much of an answer is shown, and to whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// The text, and what its marks refer to.
    Quiet,
    /// Also what was done with less than asked.
    #[default]
    Normal,
    /// Also how it came about.
    Verbose,
    /// Everything, for programs.
    Json,
}

/// What a mark in the text refers to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mark<'a> {
    /// A place in memory.
    Place(&'a Citation),
    /// What an agent said.
    Finding(&'a CitedFinding),
}

impl fmt::Display for Mark<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(Citation { path, lines, .. }) => write!(f, "{}:{lines}", one_line(path)),
            Self::Finding(CitedFinding { subgoal, agent, .. }) => {
                write!(f, "agent {} on {}", one_line(agent), one_line(&subgoal.0))
            }
        }
    }
}

impl<P> Answer<P> {
    /// What the marks `[1]`, `[2]` and so on in the text refer to, in this order.
    pub fn marks(&self) -> impl Iterator<Item = Mark<'_>> {
        let places = self.citations.iter().map(Mark::Place);
        places.chain(self.findings.iter().map(Mark::Finding))
    }

    /// What a reader of this form is told beside the text, a line each and harmless to a terminal.
    #[must_use]
    pub fn notes(&self, form: Form) -> Vec<String> {
        let mut notes = Vec::new();
        if form == Form::Verbose {
            let assessment = &self.assessment;
            let by = name(assessment.by);
            notes.push(format!(
                "held to be a {} question by {by} ({:.2}): {}",
                assessment.complexity.as_str(),
                assessment.confidence,
                assessment.reason
            ));
            if let Some(verdict) = &self.verdict {
                let decision = match verdict.decision() {
                    Decision::Pass => "passed",
                    Decision::Retry => "was to be made anew",
                    Decision::Fail => "failed",
                };
                notes.push(format!(
                    "the plan {decision}, judged by {}: {:.2} overall",
                    name(verdict.by()),
                    verdict.scores().overall()
                ));
                notes.extend(verdict.issues().iter().map(|issue| format!("the plan: {}", issue.message)));
            }
            if let Some(PlanOrigin::Pattern { .. }) = self.plan_origin {
                notes.push("the plan had solved the same question before".to_owned());
            }
            notes.extend(self.impasses.iter().map(ToString::to_string));
            let finding = |finding: &CitedFinding| format!("{}: {}", Mark::Finding(finding), finding.text);
            notes.extend(self.findings.iter().map(finding));
            if let Some(share) = self.groundedness {
                notes.push(format!("{:.0} % of what it claims rests on what it cites", share * 100.0));
            }
            notes.push(format!("confidence {:.2}", self.confidence));
        }
        if form != Form::Quiet {
            notes.extend(self.degradations.iter().map(ToString::to_string));
        }
        for note in &mut notes {
            *note = plain(note).replace('\n', " ");
        }
        notes
    }

    fn write(&self, form: Form, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", plain(&self.text))?;
        for (n, mark) in self.marks().enumerate() {
            let gap = if n == 0 { "\n" } else { "" };
            writeln!(f, "{gap}[{}] {mark}", n + 1)?;
        }
        self.notes(form).iter().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

impl<P: Serialize> Answer<P> {
    /// The answer in a form, as text.
    ///
    /// ```
    /// # use ninefold_core::{Answer, form::Form};
    /// # let json = r#"{"run": "7", "text": "It does [1].", "citations": [{"chunk": 1, "path": "a.md", "lines": {"first": 3, "last": 4}}],
    /// #   "confidence": 0.9, "assessment": {"complexity": "simple", "confidence": 0.9, "reason": "is short", "by": "rules"},
    /// #   "verdict": null, "degradations": [], "profile": null}"#;
    /// let answer: Answer = serde_json::from_str(json)?;
    /// assert_eq!(answer.display(Form::Quiet).to_string(), "It does [1].\n\n[1] a.md:3-4\n");
    /// let again: Answer = serde_json::from_str(&answer.display(Form::Json).to_string())?;
    /// assert_eq!(again, answer);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn display(&self, form: Form) -> Displayed<'_, P> {
        Displayed { answer: self, form }
    }
}

/// An answer in a form; made by [`Answer::display`].
#[derive(Debug, Clone, Copy)]
pub struct Displayed<'a, P> {
    answer: &'a Answer<P>,
    form: Form,
}

impl<P: Serialize> fmt::Display for Displayed<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Json => writeln!(f, "{}", serde_json::to_string(self.answer).map_err(|_| fmt::Error)?),
            form => self.answer.write(form, f),
        }
    }
}

/// The normal form.
impl<P> fmt::Display for Answer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(Form::Normal, f)
    }
}

fn name(by: DecidedBy) -> &'static str {
    match by {
        DecidedBy::Rules => "rules",
        DecidedBy::Model => "a model",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Assessment, ChunkId, Complexity, Degradation, Impasse, Issue, Key, Lines, RunId, Scores, Verdict};

    fn answer() -> Answer {
        let scores = Scores { completeness: 0.9, consistency: 0.8, groundedness: 0.7, routability: 1.0 };
        let issue = Issue { critical: false, message: "it\u{1b}[2J is vague".into() };
        Answer {
            run: RunId(7),
            text: "The journal does [1]. Ask\u{1b}[31m twice [2].".into(),
            citations: vec![Citation { chunk: ChunkId(1), path: "notes/a\nb.md".into(), lines: Lines::new(3, 4) }],
            findings: vec![CitedFinding {
                subgoal: "both".into(),
                agent: "clerk".into(),
                text: "Ask\n\ntwice.".into(),
            }],
            groundedness: Some(0.5),
            confidence: 0.41,
            assessment: Assessment {
                complexity: Complexity::Complex,
                confidence: 0.85,
                reason: "asks for judgement: compare".into(),
                by: DecidedBy::Rules,
            },
            verdict: Some(Verdict::new(scores, vec![issue], DecidedBy::Model)),
            plan_origin: Some(PlanOrigin::Pattern { key: Key([7; 32]) }),
            degradations: vec![Degradation::Ungrounded { share: 0.5, claims: vec!["Ask\u{7} twice".into()] }],
            impasses: vec![Impasse::NoAgent { subgoal: "both".into(), taken_by: Some("clerk".into()) }],
            profile: (),
        }
    }

    #[test]
    fn the_forms_of_an_answer() {
        insta::assert_snapshot!(answer().display(Form::Quiet), @r"
        The journal does [1]. Ask�[31m twice [2].

        [1] notes/a�b.md:3-4
        [2] agent clerk on both
        ");
        insta::assert_snapshot!(answer().display(Form::Normal), @r#"
        The journal does [1]. Ask�[31m twice [2].

        [1] notes/a�b.md:3-4
        [2] agent clerk on both
        note: best effort: 50 % of what the answer claims rests on what it cites; not so: "Ask\u{7} twice"
        "#);
        insta::assert_snapshot!(answer().display(Form::Verbose), @r#"
        The journal does [1]. Ask�[31m twice [2].

        [1] notes/a�b.md:3-4
        [2] agent clerk on both
        note: held to be a complex question by rules (0.85): asks for judgement: compare
        note: the plan passed, judged by a model: 0.86 overall
        note: the plan: it�[2J is vague
        note: the plan had solved the same question before
        note: no agent is able to take both; clerk took it
        note: agent clerk on both: Ask  twice.
        note: 50 % of what it claims rests on what it cites
        note: confidence 0.41
        note: best effort: 50 % of what the answer claims rests on what it cites; not so: "Ask\u{7} twice"
        "#);
        insta::assert_snapshot!(answer().display(Form::Json), @r#"{"run":"00000000000000000000000000000007","text":"The journal does [1]. Ask\u001b[31m twice [2].","citations":[{"chunk":1,"path":"notes/a\nb.md","lines":{"first":3,"last":4}}],"findings":[{"subgoal":"both","agent":"clerk","text":"Ask\n\ntwice."}],"groundedness":0.5,"confidence":0.41,"assessment":{"complexity":"complex","confidence":0.85,"reason":"asks for judgement: compare","by":"rules"},"verdict":{"scores":{"completeness":0.9,"consistency":0.8,"groundedness":0.7,"routability":1.0},"issues":[{"critical":false,"message":"it\u001b[2J is vague"}],"by":"model"},"plan_origin":{"by":"pattern","key":"0707070707070707070707070707070707070707070707070707070707070707"},"degradations":[{"kind":"ungrounded","share":0.5,"claims":["Ask\u0007 twice"]}],"impasses":[{"cause":"no_agent","subgoal":"both","taken_by":"clerk"}],"profile":null}"#);
        assert_eq!(answer().to_string(), answer().display(Form::Normal).to_string());
    }

    #[test]
    fn json_reads_back_as_the_same_answer() {
        let json = answer().display(Form::Json).to_string();
        assert_eq!(json.lines().count(), 1);
        assert_eq!(serde_json::from_str::<Answer>(&json).unwrap(), answer());
        let profiled = answer().with_profile(serde_json::json!({"wall_ns": 5}));
        let json = profiled.display(Form::Json).to_string();
        assert_eq!(serde_json::from_str::<Answer<serde_json::Value>>(&json).unwrap(), profiled);
    }

    #[test]
    fn the_page_on_answers_names_every_field() {
        let page = include_str!("../../../docs/answers.md");
        let value = serde_json::to_value(answer()).unwrap();
        for field in value.as_object().unwrap().keys() {
            assert!(page.contains(&format!("| `{field}` |")), "docs/answers.md says nothing of {field:?}");
        }
    }

    #[test]
    fn json_of_before_findings_could_be_cited_is_read() {
        let mut value = serde_json::to_value(answer()).unwrap();
        let fields = value.as_object_mut().unwrap();
        fields.remove("findings");
        fields.remove("groundedness");
        let read: Answer = serde_json::from_value(value).unwrap();
        assert_eq!((read.findings.len(), read.groundedness), (0, None));
    }

    #[test]
    fn nothing_in_an_answer_steers_a_terminal() {
        for form in [Form::Quiet, Form::Normal, Form::Verbose, Form::Json] {
            let shown = answer().display(form).to_string();
            assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
        }
    }
}
