//! Addresses of e-mail and pages, and numbers of telephones.

use super::reader::Spot;

/// The longest address, in bytes.
const LONGEST: usize = 320;

fn spot(span: std::ops::Range<usize>, value: String, how: &'static str) -> Spot {
    Spot { span, values: vec![value.into()], how }
}

/// Addresses of e-mail, by the usual letters of RFC 5321 without quotes. The domain in small letters.
pub(super) fn email(text: &str) -> Vec<Spot> {
    let bytes = text.as_bytes();
    let mut found: Vec<Spot> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let local = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._%+-'".contains(byte);
        let before = bytes.get(..at).unwrap_or_default();
        let left = before.iter().rev().take(65).take_while(local).count();
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let mut right =
            behind.iter().take(255).take_while(|byte| byte.is_ascii_alphanumeric() || b".-".contains(byte)).count();
        // A full stop behind an address ends a sentence.
        while right > 0 && behind.get(right - 1).is_some_and(|byte| b".-".contains(byte)) {
            right -= 1;
        }
        let (from, to) = (at - left, at + 1 + right);
        let (Some(name), Some(domain)) = (text.get(from..at), text.get(at + 1..to)) else { continue };
        let labels: Vec<&str> = domain.split('.').collect();
        let top = labels.last().is_some_and(|top| top.len() >= 2 && top.bytes().all(|byte| byte.is_ascii_alphabetic()));
        let whole = labels.len() >= 2
            && labels.iter().all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        let cut = behind.get(right).is_some_and(|byte| *byte == b'_' || *byte == b'@');
        let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        let within = found.last().is_some_and(|last| last.span.end > from);
        if left == 0 || left > 64 || !top || !whole || cut || dots || within {
            continue;
        }
        found.push(spot(from..to, format!("{name}@{}", domain.to_ascii_lowercase()), "address of e-mail"));
    }
    found
}

/// Addresses of pages: with their scheme, or beginning with `www.`.
pub(super) fn url(text: &str) -> Vec<Spot> {
    let mut found: Vec<Spot> = Vec::new();
    let mut from = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let start = from;
        from += word.len();
        let lead = word.len() - word.trim_start_matches(['(', '<', '"', '\'', '[']).len();
        let core = word.trim().get(lead..).unwrap_or_default();
        let core = core.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '>', '"', '\'', ']']);
        let lower = core.get(..core.len().min(8)).map(str::to_ascii_lowercase).unwrap_or_default();
        let scheme = ["http://", "https://", "ftp://"].iter().find(|scheme| lower.starts_with(*scheme));
        let host = scheme.map_or(core, |scheme| core.get(scheme.len()..).unwrap_or_default());
        let host = host.split(['/', '?', '#', ':']).next().unwrap_or_default();
        let named = host.contains('.')
            && !host.starts_with('.')
            && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'));
        let top =
            host.rsplit('.').next().is_some_and(|top| top.chars().count() >= 2 && top.chars().all(char::is_alphabetic));
        let bare = scheme.is_none()
            && !core.contains('@')
            && (lower.starts_with("www.") || (top && host.is_ascii() && known(host)));
        if core.len() > 2_000 || !named || !(bare || scheme.is_some()) {
            continue;
        }
        let value = if scheme.is_some() { core.to_owned() } else { format!("https://{core}") };
        found.push(spot(start + lead..start + lead + core.len(), value, "address of a page"));
    }
    found
}

/// Endings by which a bare name is taken for that of a page.
fn known(host: &str) -> bool {
    let top = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    matches!(
        top.as_str(),
        "com" | "org" | "net" | "edu" | "gov" | "io" | "dev" | "app" | "ai" | "co" | "de" | "uk" | "es" | "fr" | "eu"
    )
}

/// A run of digits in a number of a telephone.
struct Group {
    from: usize,
    to: usize,
}

/// Numbers of telephones: seven to fifteen digits (E.164 has at most fifteen), in groups that are written as telephones' are.
pub(super) fn phone(text: &str) -> Vec<Spot> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !(byte.is_ascii_digit() || matches!(byte, b'+' | b'(')) {
            at += 1;
            continue;
        }
        let (groups, end) = run(bytes, at);
        if let Some(span) = whole_number(text, at, &groups, end) {
            let inside = text.get(span.clone()).unwrap_or_default();
            let main = inside.split(['x', 'X']).next().unwrap_or_default();
            let digits: String = main.chars().filter(char::is_ascii_digit).collect();
            let plus = if main.contains('+') { "+" } else { "" };
            // The nought of "+44 (0)…" is dialled at home only.
            let digits = if plus == "+" && main.contains("(0)") { without_nought(main) } else { digits };
            found.push(spot(span, format!("{plus}{digits}"), "number of a telephone"));
        }
        at = end.max(at + 1);
    }
    found
}

fn without_nought(main: &str) -> String {
    main.replacen("(0)", "", 1).chars().filter(char::is_ascii_digit).collect()
}

/// The longest run of digits and what may separate them, and the digits' groups.
fn run(bytes: &[u8], start: usize) -> (Vec<Group>, usize) {
    let mut groups: Vec<Group> = Vec::new();
    let mut at = start;
    while let Some(byte) = bytes.get(at).filter(|_| at < start + LONGEST) {
        if byte.is_ascii_digit() {
            match groups.last_mut().filter(|group| group.to == at) {
                Some(group) => group.to = at + 1,
                None => groups.push(Group { from: at, to: at + 1 }),
            }
        } else if *byte == b' ' {
            let next = bytes.get(at + 1);
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            // A day is no part of a number.
            if before == Some(&b' ')
                || next.is_none_or(|next| !(next.is_ascii_digit() || b"(-".contains(next)))
                || is_day(bytes, at + 1)
            {
                break;
            }
        } else if !b"+-./()".contains(byte) {
            break;
        }
        at += 1;
    }
    (groups, at)
}

/// `16/04/2010`, `2009-10-01`.
fn is_day(bytes: &[u8], at: usize) -> bool {
    let count =
        |from: usize| bytes.get(from..).unwrap_or_default().iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let first = count(at);
    let mark = bytes.get(at + first).copied().unwrap_or(0);
    let second = count(at + first + 1);
    let next = at + first + 1 + second;
    let third = count(next + 1);
    b"/-.".contains(&mark)
        && bytes.get(next) == Some(&mark)
        && matches!((first, second, third), (1 | 2, 1 | 2, 4) | (4, 1 | 2, 1 | 2))
        && bytes.get(next + 1 + third).is_none_or(|b| *b != mark)
}

/// Where the number stands, if the run is one.
fn whole_number(text: &str, start: usize, groups: &[Group], end: usize) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let (first, last) = (groups.first()?, groups.last()?);
    let digits: usize = groups.iter().map(|group| group.to - group.from).sum();
    if !(6..=15).contains(&digits) || (digits < 7 && groups.len() > 1) || groups.len() > 7 || is_day(bytes, first.from)
    {
        return None;
    }
    let inside = text.get(start..last.to)?;
    // Signs of something else: "(45)+(31)", "(456 (4))", an account in fours, a year to another.
    let plus = inside.matches('+').count();
    let sizes: Vec<usize> = groups.iter().map(|group| group.to - group.from).collect();
    let fours = matches!(sizes.as_slice(), [4, 4, 4, ..]) && digits > 12;
    let years = matches!(sizes.as_slice(), [4, 4]) && inside.contains('/');
    let single = sizes.iter().all(|size| *size == 1);
    let decimal = groups.len() == 2 && inside.contains('.') && !inside.contains(['(', '+', ' ', '-']);
    let plus_later = plus > 1
        || inside
            .find('+')
            .is_some_and(|at| inside.get(..at).unwrap_or_default().contains(|c: char| c.is_ascii_digit()));
    let nested = inside.contains("((") || {
        let mut depth = 0i32;
        let mut deep = false;
        for c in inside.chars() {
            depth += i32::from(c == '(') - i32::from(c == ')');
            deep |= depth > 1;
        }
        deep
    };
    if plus_later || fours || years || single || decimal || nested {
        return None;
    }
    // The brackets before the first digits belong to it where they are closed.
    let lead = text.get(start..first.from)?;
    let mut from = first.from;
    if lead.contains('+') {
        from = start + lead.rfind('+')?;
    }
    let opened = lead.rfind('(').map(|at| start + at);
    if let Some(open) = opened.filter(|_| inside.contains(')')) {
        from = from.min(open);
    }
    let mut to = last.to;
    // An extension: "x6388", " X 63888".
    let rest = text.get(to..)?;
    let trimmed = rest.strip_prefix(' ').unwrap_or(rest);
    if let Some(ext) = trimmed.strip_prefix(['x', 'X']) {
        let ext_start = ext.strip_prefix(' ').unwrap_or(ext);
        let count = ext_start.bytes().take(7).take_while(u8::is_ascii_digit).count();
        if (1..=6).contains(&count) {
            to += rest.len() - ext_start.len() + count;
        }
    }
    let behind = text.get(to..)?.chars().next();
    if behind.is_some_and(|c| c.is_alphanumeric() || c == '%' || c == '_') || (behind == Some(':') && end == to) {
        return None;
    }
    stands_free(text, from, groups.len()).then_some(from..to)
}

/// Whether nothing before a number makes it something else: letters, a sign of calculation, "account", "card".
fn stands_free(text: &str, from: usize, groups: usize) -> bool {
    let before = text.get(..from).unwrap_or_default();
    let mut chars = before.chars().rev();
    let (last, second, third) = (chars.next(), chars.next(), chars.next());
    let opened = text.get(from..).is_some_and(|number| number.starts_with(['(', '+']));
    if opened && last.is_some_and(char::is_alphabetic) {
        return true;
    }
    if last.is_some_and(|c| {
        c.is_ascii_alphabetic()
            || matches!(c, '*' | '/' | '=' | '_' | '.' | ':') && second.is_some_and(|c| c.is_ascii_digit())
    }) {
        return false;
    }
    if last == Some('-') {
        let letter = second.is_some_and(char::is_alphanumeric);
        let alone = third.is_none_or(|c| !c.is_alphabetic());
        if (letter && (alone || groups == 1)) || second.is_none() || second.is_some_and(|c| c == ' ' && groups == 1) {
            return false;
        }
    }
    if last == Some('/') || last == Some('#') {
        return false;
    }
    let tail: String =
        before.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect::<String>().to_lowercase();
    let words: Vec<&str> = tail.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let near = words.iter().rev().take(3);
    !near.clone().any(|word| matches!(*word, "card" | "account" | "order" | "omb" | "isbn" | "invoice"))
}
