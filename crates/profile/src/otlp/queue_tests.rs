//! The queue without a thread that sends: the tests do what it would.

use std::sync::{Arc, mpsc};
use std::thread;

use super::*;

const LONG: Duration = Duration::from_secs(60);

fn queue(capacity: usize, batch_size: usize) -> Arc<Queue> {
    Arc::new(Queue::new(Counts::new(capacity), batch_size))
}

fn push(queue: &Queue, n: usize) {
    (0..n).for_each(|_| queue.push(Open::silent()));
}

/// The size of the next batch.
fn batch(queue: &Queue, interval: Duration) -> Option<usize> {
    let Task::Send(mut batch) = queue.next(interval) else { return None };
    let n = batch.len();
    queue.counts().take(n as u64);
    batch.clear();
    queue.sent(batch);
    Some(n)
}

#[test]
fn batches_are_as_large_as_they_may_be_and_in_order() {
    let queue = queue(100, 4);
    push(&queue, 10);
    assert_eq!((batch(&queue, LONG), batch(&queue, LONG)), (Some(4), Some(4)));
    assert_eq!(batch(&queue, Duration::ZERO), Some(2), "after the interval, what there is");
}

#[test]
fn who_waits_without_an_interval_lets_others_push() {
    let queue = queue(100, 4);
    let (waiting, pushing) = (Arc::clone(&queue), Arc::clone(&queue));
    let (sender, receiver) = mpsc::channel();
    // Not joined: if it never lets go, the test is to fail and not to wait.
    thread::spawn(move || sender.send(batch(&waiting, Duration::ZERO)));
    thread::spawn(move || {
        while pushing.counts().read().ended < 1000 {
            push(&pushing, 4);
            thread::yield_now();
        }
    });
    assert!(matches!(receiver.recv_timeout(Duration::from_secs(20)), Ok(Some(1..=4))));
}

#[test]
fn what_there_is_no_room_for_is_dropped_until_there_is() {
    let queue = queue(5, 2);
    push(&queue, 7);
    assert_eq!((queue.counts().read().ended, queue.counts().read().dropped), (7, 2));
    assert_eq!(batch(&queue, LONG), Some(2));
    push(&queue, 3);
    assert_eq!(queue.counts().read().dropped, 3);
}

#[test]
fn emptied_batches_are_filled_again() {
    let queue = queue(100, 8);
    push(&queue, 8);
    let Task::Send(mut first) = queue.next(LONG) else { panic!("it is full") };
    let place = first.as_ptr();
    first.clear();
    queue.sent(first);
    push(&queue, 8);
    let Task::Send(second) = queue.next(LONG) else { panic!("it is full") };
    assert_eq!(second.as_ptr(), place);
}

#[test]
fn who_flushes_waits_for_what_was_there_and_for_no_more() {
    let queue = queue(100, 2);
    push(&queue, 5);
    let flushing = Arc::clone(&queue);
    let flushing = thread::spawn(move || flushing.flush(LONG));
    while queue.lock().asked == 0 {
        thread::yield_now();
    }
    let mut sent = 0;
    loop {
        match queue.next(LONG) {
            Task::Send(batch) => {
                sent += batch.len();
                // As fast as spans are sent, there are more.
                push(&queue, 2);
                queue.sent(batch);
            }
            Task::Flush(asked) => break queue.flushed(asked),
            Task::End => panic!("it is not closed"),
        }
    }
    assert!(flushing.join().unwrap());
    assert_eq!(sent, 5);
}

#[test]
fn flushing_gives_up_when_nobody_sends_or_time_is_over() {
    let queue = queue(100, 2);
    push(&queue, 1);
    assert!(!queue.flush(Duration::from_millis(1)));
    queue.over();
    assert!(queue.flush(LONG), "there is nothing to wait for");
}

#[test]
fn what_is_there_when_it_closes_is_sent_first_and_nothing_comes_after() {
    let queue = queue(100, 4);
    push(&queue, 5);
    let closing = Arc::clone(&queue);
    let closing = thread::spawn(move || closing.close(LONG));
    while !queue.is_closed() {
        thread::yield_now();
    }
    push(&queue, 3);
    assert_eq!((batch(&queue, LONG), batch(&queue, LONG), batch(&queue, LONG)), (Some(4), Some(1), None));
    queue.over();
    assert_eq!(closing.join().unwrap(), Ok(()));
    assert_eq!(queue.counts().read().ended, 5);
}

#[test]
fn who_pushes_while_it_closes_is_neither_counted_nor_forgotten() {
    let queue = queue(100, 4);
    let closing = queue.lock();
    let pushing = Arc::clone(&queue);
    let pushing = thread::spawn(move || push(&pushing, 1));
    // Long enough for it to come to the lock, and to count the span if it did so before.
    for _ in 0..20 {
        thread::park_timeout(Duration::from_millis(5));
    }
    queue.closed.store(true, Ordering::Relaxed);
    drop(closing);
    pushing.join().unwrap();
    assert_eq!(queue.counts().read().ended, 0);
    assert_eq!(batch(&queue, LONG), None);
}

#[test]
fn whatever_is_here_is_sent_before_the_end() {
    let queue = queue(100, 4);
    push(&queue, 1);
    // Without what `close` does besides.
    queue.closed.store(true, Ordering::Relaxed);
    assert_eq!((batch(&queue, LONG), batch(&queue, LONG)), (Some(1), None));
}

#[test]
fn spans_that_come_while_it_closes_are_sent_or_not_counted() {
    for _ in 0..200 {
        let queue = queue(1_000_000, 4);
        let pushers = [Arc::clone(&queue), Arc::clone(&queue)].map(|queue| {
            thread::spawn(move || {
                while !queue.is_closed() {
                    push(&queue, 1);
                }
            })
        });
        let sending = Arc::clone(&queue);
        let sending = thread::spawn(move || {
            let mut sent = 0;
            while let Some(n) = batch(&sending, LONG) {
                sent += n as u64;
            }
            sending.over();
            sent
        });
        assert_eq!(queue.close(LONG), Ok(()));
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
        let read = queue.counts().read();
        assert_eq!((read.ended, read.dropped), (sending.join().unwrap(), 0));
    }
}

#[test]
fn what_is_not_sent_in_time_never_is() {
    let queue = queue(100, 2);
    push(&queue, 6);
    assert_eq!(batch(&queue, LONG), Some(2));
    queue.counts().deliver(2);
    assert_eq!(queue.close(Duration::from_millis(1)), Err(4));
    assert_eq!(batch(&queue, LONG), None);
    let read = queue.counts().read();
    assert_eq!((read.ended, read.delivered, read.dropped, read.pending), (6, 2, 4, 0));
    assert_eq!(queue.lock().full.len(), 0, "they take no memory any more");
}

#[test]
fn when_the_thread_has_ended_what_is_here_is_dropped_and_nothing_more_is_taken() {
    let queue = queue(100, 2);
    push(&queue, 5);
    queue.over();
    push(&queue, 3);
    let read = queue.counts().read();
    assert_eq!((read.ended, read.dropped, read.pending), (5, 5, 0));
    assert!(queue.is_closed() && queue.lock().full.is_empty() && queue.lock().filling.is_empty());
    assert_eq!(queue.close(LONG), Ok(()));
}
