//! Everything that can be wrong is told at once, with its place and what to do.

use ninefold_dialogue::Kind;
use ninefold_dialogue::definition::{Definition, Flow, Severity, Slot, Step};

use super::read;

#[test]
fn every_kind_of_mistake_is_told_with_its_line_and_cure() {
    let wrong = Definition::from_yaml("mistakes.yml", include_str!("mistakes.yml")).compile(false).unwrap_err();
    insta::assert_snapshot!(wrong, @r#"
    mistakes.yml:1: error: there is no locale `en-UK`
      → did you mean `en-US`?
    mistakes.yml:2: error: `most_reprompts` is no such count
      → write a whole number from 1 that is not too large for it
    mistakes.yml:3: error: `silence` is no length of time
      → write it as `10s`, `500ms`, `2m` or `1h 30m`
    mistakes.yml:4: error: a definition has no key `colour`
      → keys are: locale, prefer, longest_message, most_reprompts, deepest_stack, most_steps, silence, slots, actions, responses, flows
    mistakes.yml:7: error: there is no type `txt`
      → did you mean `text`?
    mistakes.yml:8: error: slot `city` has no key `propmt`
      → did you mean `prompt`?
    mistakes.yml:10: error: the option `economy` stands twice
      → keep one of them
    mistakes.yml:11: error: a category has no options
      → write `options: [one, two]`
    mistakes.yml:12: error: a slot cannot be called `none`, which means something already
      → call it `none_`, or better what it holds
    mistakes.yml:13: error: `due-date` is no name for a slot
      → names are of at most 64 Latin letters, digits and `_`: `due_date`
    mistakes.yml:16: error: slot `day` has `options` and is of type `date`
      → only a category has `options`: write `type: category`, or take `options` out
    mistakes.yml:18: error: `value` is a day where a condition is expected
      → compare it, as in `count > 0`, or ask `name is not null`
    mistakes.yml:19: error: the validator `1 < 2` does not look at the value
      → write a condition of `value`, as `value > 0`
    mistakes.yml:20: error: a validator has no `if`
      → write `{if: "value > 0", say: …}`
    mistakes.yml:21: error: `"many"` is a text and slot `count` holds a number
      → `number(x)` reads a number; of money, take `.amount`
    mistakes.yml:21: error: `optional` is a text
      → write `true` or `false`
    mistakes.yml:22: error: `count` stands twice in `slots`
      → the first one is in line 21; keep one of them
    mistakes.yml:25: error: slot `iban` is a custom without `reader`
      → write `reader:` with the name the host registered its reader under
    mistakes.yml:27: error: `timeout` is no length of time
      → write it as `10s`, `500ms`, `2m` or `1h 30m`
    mistakes.yml:27: error: action `find` has no key `tries`
      → keys are: description, inputs, outputs, timeout, attempts
    mistakes.yml:29: error: the text: nothing here is called `nobody`
      → add a slot `nobody`; a text stands in quotes within the quotes: "'nobody'"
    mistakes.yml:30: warning: nobody says the response `unsaid`
      → say it by its name, as `say: name`, or take it out
    mistakes.yml:31: error: there may be nothing to say: every variation has a condition
      → add a variation without `if`, for when none of them holds
    mistakes.yml:32: error: the text "Hello {{ name" is no template: unexpected end of input, expected end of variable block
      → a name stands in `{{ }}`, a block in `{% %}` with its end
    mistakes.yml:34: error: flow `nothing` has no steps
      → add `steps:` with what it does
    mistakes.yml:35: error: there is no flow of repair `pattern_cancle`
      → did you mean `pattern_cancel`?
    mistakes.yml:37: error: nobody can start flow `lonely`
      → add `triggers:` with what users say, and a `description:` for models; or call it from another flow
    mistakes.yml:39: warning: flow `hidden` is internal and no flow calls or links it
      → only the host can start it; take `internal` out if users shall
    mistakes.yml:41: error: the trigger "book a  flight" of flow `twin_two` is one of flow `twin_one`
      → the other one is in mistakes.yml:40; keep one of them
    mistakes.yml:44: error: the condition of the flow reads `flight`, which has no value before the flow starts
      → make it a global slot, or `persist: true`
    mistakes.yml:46: error: slot `city` of flow `steps` is called like a global slot
      → call it differently, or use the one in mistakes.yml:6
    mistakes.yml:52: error: a step of `sya` does nothing known
      → did you mean `say`?
    mistakes.yml:53: error: `hello` is no step
      → to say something write `say: …`; only `end` stands alone
    mistakes.yml:54: error: there is no response `good_bye`
      → responses are: bye, unsaid, perhaps, broken
    mistakes.yml:58: error: a step `say` has no key `prompt`
      → keys are: say, id, next
    mistakes.yml:59: error: there is no slot `dya`
      → did you mean `day`?
    mistakes.yml:60: error: slot `raw` is of type `any`, which no user's words are read as
      → give it the type of what users say, as `text`
    mistakes.yml:61: error: slot `secret` is asked for and has no question
      → add `prompt:` with the question to the slot (in mistakes.yml:24)
    mistakes.yml:61: error: slot `secret` is internal, and users are not asked for it
      → give it a value by `set` or an action, or take `internal` out
    mistakes.yml:62: error: slot `never` is asked for and has no question
      → add `prompt:` with the question to the slot (in mistakes.yml:50)
    mistakes.yml:63: error: `Madrid`: nothing here is called `Madrid`
      → add a slot `Madrid`; a text stands in quotes within the quotes: "'Madrid'"
    mistakes.yml:64: error: `3` is a number and slot `total` holds money
      → give it money
    mistakes.yml:65: error: slot `class` has no option "econ"
      → its options are: economy, business
    mistakes.yml:66: error: `price + 1` computes with money and a number
      → numbers go with numbers, money with money or, multiplied, with a number
    mistakes.yml:67: error: `city` never has a value here
      → collect it, set it or have an action fill it before; or give it a `default`, or compare `city is null`
    mistakes.yml:67: error: `price > city` compares money with a text
      → money is compared with money or with a number
    mistakes.yml:68: error: `later` never has a value here
      → collect it, set it or have an action fill it before; or give it a `default`, or compare `later is null`
    mistakes.yml:69: error: `1` is a number where a condition is expected
      → compare it, as in `count > 0`
    mistakes.yml:69: error: the category has no option "bussiness"
      → did you mean `business`?
    mistakes.yml:71: error: `a = b`: `=` means nothing here (character 3)
      → write `==` to compare; values are given by a `set` step
    mistakes.yml:72: error: an `if` has no `then`
      → add `then:` with the steps to go when it holds
    mistakes.yml:73: error: `else` is not the last way of its branch
      → put it at the end
    mistakes.yml:73: error: a way of a branch is neither `if` with `then` nor `else`
      → write `- if: …` with `then: […]`, and at the end `- else: […]`
    mistakes.yml:74: error: there is no action `fnd`
      → did you mean `find`?
    mistakes.yml:75: error: input `size` of action `find` gets no value
      → add `with: {size: "…"}`, or a slot of that name
    mistakes.yml:75: warning: `city` has no value here on some ways
      → give it a value on all of them or a `default`, or ask `city is not null`
    mistakes.yml:76: error: `price` is money and input `day` of action `find` holds a day
      → give it a day
    mistakes.yml:76: error: action `find` has no input `cty`
      → did you mean `city`?
    mistakes.yml:77: error: action `find` has no output `prize`
      → its outputs are: flight, cost
    mistakes.yml:77: error: output `flight` of action `find` is of type `text` and slot `price` of type `money`
      → make the slot's type `text`, or take another slot
    mistakes.yml:78: error: `later` never has a value here
      → collect it, set it or have an action fill it before; or give it a `default`, or compare `later is null`
    mistakes.yml:79: error: the flow has no step `again`
      → steps with an `id` are: behind
    mistakes.yml:80: error: there is no flow `nobody`
      → flows are: nothing, pattern_cancle, lonely, hidden, twin_one, twin_two, steps, unreached, callee, rounds, ping, pong
    mistakes.yml:82: error: there is no slot `wrong`
      → slots that the flow sees are: city, price, class, empty, none, due-date, day, count, raw, secret, iban, answer
    mistakes.yml:84: error: there is no flow `nobody`
      → flows are: nothing, pattern_cancle, lonely, hidden, twin_one, twin_two, steps, unreached, callee, rounds, ping, pong
    mistakes.yml:90: error: the flow has no step `ther`
      → steps with an `id` are: here
    mistakes.yml:90: error: there are two steps `here` in the flow
      → the first one is in mistakes.yml:89; rename one of them
    mistakes.yml:92: error: nothing leads to this step
      → the steps before it end or go on elsewhere: take it out, or give it an `id` and go there by `next`
    mistakes.yml:102: error: this goes round without end: nobody is asked and nothing changes that would end it
      → collect or confirm something in it, or change what its condition reads
    mistakes.yml:104: error: this goes round without end: nobody is asked and nothing changes that would end it
      → `x` has a value from its second round on and is not asked for again: add `clear: x`
    mistakes.yml:104: warning: `x` has no value here on some ways
      → give it a value on all of them or a `default`, or ask `x is not null`
    mistakes.yml:108: error: `unset` never has a value here
      → collect it, set it or have an action fill it before; or give it a `default`, or compare `unset is null`
    mistakes.yml:111: warning: `unset` has no value here on some ways
      → give it a value on all of them or a `default`, or ask `unset is not null`
    mistakes.yml:112: error: this goes round without end: nobody is asked and nothing changes that would end it
      → collect or confirm something in it, or change what its condition reads
    mistakes.yml:114: error: flow `ping` comes back to itself through `pong` without end
      → call or link it under a condition, or collect something before
    mistakes.yml:115: error: flow `pong` comes back to itself through `ping` without end
      → call or link it under a condition, or collect something before
    "#);
}

/// The predecessor ignored them, so a misspelt validator validated nothing.
#[test]
fn unknown_keys_are_not_ignored() {
    let text = "flows: {go: {triggers: [go], slots: {n: {type: integer, prompt: How many?, validator: positive}}, steps: [{collect: n}]}}";
    let wrong = read(text).compile(false).unwrap_err();
    assert_eq!(wrong.errors().count(), 1);
    assert!(wrong.to_string().contains("slot `n` has no key `validator`\n  → did you mean `validate`?"), "{wrong}");
}

#[test]
fn what_is_no_yaml_is_told_with_its_line() {
    let told = |text: &str| read(text).compile(false).unwrap_err().to_string();
    insta::assert_snapshot!(
        ["", "flows: [", "a: b: c", "flows:\n  x:\n   y: 1\n  z: \"open\n", "- a\n- b", "just a text", "flows: {a: {steps: [{say: *gone}]}}"]
            .map(told)
            .join("\n"),
        @r#"
    flows.yml:1: error: the file is empty
      → write `flows:` with a flow
    flows.yml:1: error: this is no YAML: unclosed bracket '['
      → see that lines are indented alike and texts with `: ` or ` #` stand in quotes
    flows.yml:1: error: this is no YAML: mapping values are not allowed in this context
      → see that lines are indented alike and texts with `: ` or ` #` stand in quotes
    flows.yml:5: error: this is no YAML: invalid indentation in multiline quoted scalar
      → see that lines are indented alike and texts with `: ` or ` #` stand in quotes
    flows.yml:1: error: a definition is a list
      → write a map: `name: value`
    flows.yml:1: error: a definition is a text
      → write a map: `name: value`
    flows.yml:1: error: this is no YAML: alias references unknown anchor
      → see that lines are indented alike and texts with `: ` or ` #` stand in quotes
    "#
    );
}

#[test]
fn a_flow_built_in_rust_is_checked_alike() {
    let built = Definition::new().flow(
        Flow::new("pay")
            .trigger("pay")
            .slot(Slot::new("amount", Kind::Money).prompt("How much?").validate("value > 'a'", "No."))
            .step(Step::collect("amuont"))
            .step(Step::go("again")),
    );
    insta::assert_snapshot!(built.compile(false).unwrap_err(), @r#"
    flow `pay`: error: the flow has no step `again`
      → steps with an `id` are: none
    flow `pay`: error: there is no slot `amuont`
      → did you mean `amount`?
    slot `amount`: error: `value > "a"` compares money with a text
      → money is compared with money or with a number
    "#);
}

#[test]
fn warnings_alone_keep_nothing_from_running() {
    let definition = read("responses: {bye: Bye.}\nflows: {go: {triggers: [go], steps: [{say: Gone.}]}}\n");
    assert!(definition.compile(false).is_ok());
    let severities: Vec<_> = definition.check().list().iter().map(|diagnostic| diagnostic.severity).collect();
    assert_eq!(severities, [Severity::Warning]);
}
