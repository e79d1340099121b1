//! The command `resume`: says which runs wait for a person or were broken off, answers what they ask, and goes on with them.

use std::fmt::Write as _;

use ninefold::{
    Error, ErrorKind, Failure, InquiryId, OpenInquiry, OverBudget, Profile, Result, RunId, Soar, Suspension, Wanted,
};
use serde_json::json;

use crate::args::{Everywhere, Resume};
use crate::ask::written_down;
use crate::exit::{Exit, Stop, tell, write};
use crate::open::{self, Terms};
use crate::print::{Detail, Page, answer_json, line, plain};

/// Runs the command.
pub(crate) async fn resume(args: &Resume, everywhere: &Everywhere) -> Result<Exit, Stop> {
    let (model, missing) = open::model(args.model.as_deref()).await?;
    if let Some(why) = missing {
        return Err(why.into());
    }
    let (over_budget, conversations) = (args.over_budget.into(), args.log.conversations.as_deref());
    let terms = Terms { approve_plans: true, over_budget, conversations, ..Terms::default() };
    let soar = open::answering(everywhere, model, terms).await?;
    let Some(run) = args.run else { return list(&soar, args.json).await };
    let open = soar.pending(run).await?;
    if args.answer.is_empty() && !open.is_empty() {
        return waits(&soar, run, None, over_budget, args.json).await;
    }
    for answer in &args.answer {
        let (question, typed) = which(&open, answer)?;
        soar.supply(run, question.id, question.inquiry.wanted.read(typed)?).await?;
    }
    let answered = soar.resume(run, args.deadline).await;
    written_down(&soar).await;
    match answered {
        Ok(answer) if args.json => write(&answer_json(&answer, None))?,
        Ok(answer) => write(&Page::of_stdout().answer(&answer, Detail::of(everywhere)))?,
        Err(failure) => return ended(&soar, failure, over_budget, args.json).await,
    }
    Ok(Exit::Done)
}

/// The end of a run that has no answer: it may wait for a person, who is told what is asked and how to go on.
pub(crate) async fn ended(soar: &Soar, failure: Failure, over_budget: OverBudget, json: bool) -> Result<Exit, Stop> {
    let Some(run) = Suspension::of(&failure.error).map(|suspension| suspension.run) else {
        return Err(failure.into());
    };
    waits(soar, run, Some(&failure.profile), over_budget, json).await
}

async fn waits(
    soar: &Soar,
    run: RunId,
    profile: Option<&Profile>,
    over_budget: OverBudget,
    json: bool,
) -> Result<Exit, Stop> {
    let open = soar.pending(run).await?;
    if json {
        let waits = json!({ "run": run, "questions": open });
        write(&line(&json!({ "suspended": waits, "profile": profile.map(Profile::to_json) })))?;
    } else {
        let page = Page::of_stderr();
        // A run goes on as it began, or not at all.
        let stops = if over_budget == OverBudget::Stop { " --over-budget stop" } else { "" };
        let mut text = format!("{} run {run} waits for an answer\n", page.strong("suspended:"));
        for question in &open {
            let _ = write!(text, "\n{}\n", shown(question));
            let name = if open.len() > 1 { format!("{}=", question.id) } else { String::new() };
            let answer = match &question.inquiry.wanted {
                Wanted::Approval => "yes|no".to_owned(),
                Wanted::Choice { options } => plain(&options.join("|")).into_owned(),
                _ => "TEXT".to_owned(),
            };
            let how = format!("ninefold resume {run}{stops} --answer {name}{answer}");
            let _ = writeln!(text, "{} {how}", page.strong("answer with:"));
        }
        tell(&text);
    }
    Ok(Exit::Waits)
}

/// A question and what it is about. Both may be a model's words.
fn shown(question: &OpenInquiry) -> String {
    let mut text = plain(&question.inquiry.text).into_owned();
    if let Some(about) = &question.inquiry.about {
        let _ = write!(text, "\n{}", plain(&format!("{about:#}")));
    }
    text
}

async fn list(soar: &Soar, json: bool) -> Result<Exit, Stop> {
    let (suspended, unfinished) = (soar.suspended().await?, soar.unfinished().await?);
    if json {
        let suspended: Vec<_> = suspended.iter().map(|(run, open)| json!({ "run": run, "questions": open })).collect();
        write(&line(&json!({ "suspended": suspended, "unfinished": unfinished })))?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for (run, open) in &suspended {
        let _ = writeln!(text, "{run}  waits for an answer");
        for question in open {
            let asked = shown(question).replace('\n', "\n    ");
            let _ = writeln!(text, "  {}: {asked}", question.id);
        }
    }
    for run in &unfinished {
        let _ = writeln!(text, "{run}  can go on");
    }
    if text.is_empty() {
        text.push_str("no run waits or was broken off\n");
    }
    write(&text)?;
    Ok(Exit::Done)
}

/// Which question this answers: the one there is, or the one that is named before `=`.
fn which<'a>(open: &'a [OpenInquiry], answer: &'a str) -> Result<(&'a OpenInquiry, &'a str)> {
    let named = answer.split_once('=').and_then(|(id, typed)| Some((id.parse::<InquiryId>().ok()?, typed)));
    if let Some((id, typed)) = named
        && let Some(question) = open.iter().find(|question| question.id == id)
    {
        return Ok((question, typed));
    }
    match open {
        [question] => Ok((question, answer)),
        [] => Err(Error::new(ErrorKind::InvalidInput, "the run waits for no answer")
            .hint("leave --answer out to go on with it")),
        several => {
            let ids: Vec<_> = several.iter().map(|question| question.id.to_string()).collect();
            let what = format!("the run waits for {} answers, and this one does not say to which question", ids.len());
            Err(Error::new(ErrorKind::InvalidInput, what)
                .hint(format!("write QUESTION=ANSWER, where QUESTION is one of {}", ids.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use ninefold::{Inquiry, Timestamp};

    use super::*;

    #[test]
    fn an_answer_goes_to_the_question_it_names_or_to_the_only_one() {
        let question = |id| OpenInquiry { id: InquiryId(id), inquiry: Inquiry::text("?"), asked: Timestamp(0) };
        let (one, two) = ([question(0xa)], [question(0xa), question(0xb)]);
        let of = |open: &[OpenInquiry], answer: &str| {
            which(open, answer).map(|(question, typed)| (question.id.0, typed.to_owned()))
        };
        assert_eq!(of(&one, "yes").unwrap(), (0xa, "yes".to_owned()));
        assert_eq!(of(&one, "x=1").unwrap(), (0xa, "x=1".to_owned()));
        assert_eq!(of(&two, "000b=x=1").unwrap(), (0xb, "x=1".to_owned()));
        for refused in [of(&two, "yes"), of(&two, "c=yes"), of(&[], "yes")] {
            let error = refused.unwrap_err();
            assert!(error.kind() == ErrorKind::InvalidInput && error.hint_text().is_some());
        }
    }
}
