//! What every keeper of uploads must do.

use std::future::Future;

use ninefold_core::uploads::{Upload, UploadKey, UploadRecords};
use ninefold_core::{Key, Timestamp};

/// Runs every requirement on [`UploadRecords`] against fresh, empty records made by `open`.
///
/// # Panics
/// When a requirement is not met; the message names it.
pub async fn uploads_suite<R: UploadRecords, F: Future<Output = R>>(open: impl Fn() -> F) {
    what_was_put_is_held(&open().await).await;
    keys_are_apart(&open().await).await;
    a_replacement_takes_over_the_holders(&open().await).await;
    of_two_uploads_the_first_stands(&open().await).await;
    what_nobody_holds_is_condemned(&open().await).await;
    the_same_id_may_come_again(&open().await).await;
}

fn key(provider: &str, purpose: &str, content: u8) -> UploadKey {
    UploadKey { provider: provider.into(), purpose: purpose.into(), content: Key([content; 32]) }
}

fn upload(content: u8, id: &str) -> Upload {
    Upload {
        key: key("p", "vision", content),
        id: id.into(),
        name: "größe'; --\n.png".to_owned(),
        mime: "image/png".into(),
        bytes: 7,
        expires: Some(Timestamp(100)),
        checked: Timestamp(1),
    }
}

/// The ids of what is condemned now.
async fn condemned<R: UploadRecords>(records: &R) -> Vec<String> {
    records.condemn("p", 100).await.expect("condemn").iter().map(|upload| upload.id.to_string()).collect()
}

async fn what_was_put_is_held<R: UploadRecords>(records: &R) {
    let first = upload(1, "f1");
    assert_eq!(records.hold(&first.key, "a").await.expect("hold"), None, "empty records hold nothing");
    assert_eq!(records.put(first.clone(), None, "a").await.expect("put"), first);
    for holder in ["a", "b", "a"] {
        assert_eq!(records.hold(&first.key, holder).await.expect("hold"), Some(first.clone()));
    }
    records.checked("p", "f1", Timestamp(9)).await.expect("checked");
    records.checked("p", "unknown", Timestamp(9)).await.expect("checked of what is not there");
    let later = Upload { checked: Timestamp(9), ..first.clone() };
    assert_eq!(records.hold(&first.key, "a").await.expect("hold"), Some(later));
    let endless = Upload { expires: None, ..upload(2, "f2") };
    records.put(endless.clone(), None, "a").await.expect("put");
    assert_eq!(records.hold(&endless.key, "a").await.expect("hold"), Some(endless));
}

async fn keys_are_apart<R: UploadRecords>(records: &R) {
    let keys = [key("p", "vision", 1), key("P", "vision", 1), key("p", "", 1), key("p", "vision", 2)];
    for (n, key) in keys.iter().enumerate() {
        // Ids are a provider's own: two providers may have the same.
        let id = if n == 1 { "0".to_owned() } else { n.to_string() };
        records.put(Upload { key: key.clone(), ..upload(0, &id) }, None, "a").await.expect("put");
    }
    for (n, key) in keys.iter().enumerate() {
        let id = if n == 1 { 0 } else { n };
        let held = records.hold(key, "a").await.expect("hold").expect("it was put");
        assert_eq!((held.id.as_str(), &held.key), (id.to_string().as_str(), key));
    }
    assert_eq!(records.release("a").await.expect("release"), 4);
    assert_eq!(condemned(records).await.len(), 3, "those of one provider");
}

async fn a_replacement_takes_over_the_holders<R: UploadRecords>(records: &R) {
    records.put(upload(1, "old"), None, "a").await.expect("put");
    records.hold(&upload(1, "old").key, "b").await.expect("hold");
    let new = upload(1, "new");
    assert_eq!(records.put(new.clone(), Some("old"), "b").await.expect("put"), new);
    assert_eq!(condemned(records).await, ["old"]);
    records.forget("p", "old").await.expect("forget");
    records.release("b").await.expect("release");
    assert!(condemned(records).await.is_empty(), "a holds the new one");
    assert_eq!(records.hold(&new.key, "a").await.expect("hold"), Some(new));
    assert_eq!(records.release("a").await.expect("release"), 1);
    assert_eq!(condemned(records).await, ["new"]);
}

async fn of_two_uploads_the_first_stands<R: UploadRecords>(records: &R) {
    let first = upload(1, "first");
    records.put(first.clone(), None, "a").await.expect("put");
    for replaces in [None, Some("another")] {
        let stands = records.put(upload(1, "second"), replaces, "b").await.expect("put");
        assert_eq!(stands, first, "what replaces nothing that stands is too late");
        assert_eq!(condemned(records).await, ["second"]);
        records.forget("p", "second").await.expect("forget");
    }
    records.release("a").await.expect("release");
    assert!(condemned(records).await.is_empty(), "b was given the first");
}

async fn what_nobody_holds_is_condemned<R: UploadRecords>(records: &R) {
    for n in 1..=3 {
        records.put(upload(n, &format!("f{n}")), None, "a").await.expect("put");
    }
    records.hold(&upload(2, "f2").key, "b").await.expect("hold");
    assert!(condemned(records).await.is_empty());
    assert_eq!(records.release("a").await.expect("release"), 3);
    assert_eq!(records.release("a").await.expect("release again"), 0);
    records.forget("p", "f1").await.expect("forget of what is not condemned");
    assert_eq!(records.condemn("p", 1).await.expect("condemn").len(), 1, "no more than asked for");
    assert_eq!(records.condemn("q", 9).await.expect("condemn").len(), 0, "those of another provider");
    assert_eq!(records.hold(&upload(3, "f3").key, "c").await.expect("hold"), None, "all were condemned");
    assert_eq!(condemned(records).await, ["f1", "f3"], "until they are forgotten");
    records.forget("p", "f1").await.expect("forget");
    assert_eq!(condemned(records).await, ["f3"]);
    assert!(records.hold(&upload(2, "f2").key, "c").await.expect("hold").is_some());
}

async fn the_same_id_may_come_again<R: UploadRecords>(records: &R) {
    records.put(upload(1, "same"), None, "a").await.expect("put");
    records.release("a").await.expect("release");
    assert_eq!(condemned(records).await, ["same"]);
    let again = Upload { checked: Timestamp(5), ..upload(1, "same") };
    assert_eq!(records.put(again.clone(), None, "b").await.expect("put"), again);
    assert!(condemned(records).await.is_empty());
    assert_eq!(records.hold(&again.key, "b").await.expect("hold"), Some(again.clone()));
    let later = Upload { checked: Timestamp(6), ..again };
    assert_eq!(records.put(later.clone(), None, "b").await.expect("put"), later, "and is written anew");
    assert_eq!(records.hold(&later.key, "b").await.expect("hold"), Some(later));
}
