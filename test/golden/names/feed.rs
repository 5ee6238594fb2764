//! Generics, closures and trait objects: what names of Rust look like.
use std::collections::{BTreeMap, HashMap};
use std::fmt;

mod feed {
    pub trait Handler {
        fn handle(&mut self, message: &super::Message) -> u64;
    }

    pub struct Decoder<H> {
        pub handler: H,
        pub seen: u64,
    }

    impl<H: Handler> Decoder<H> {
        #[inline(never)]
        pub fn decode(&mut self, bytes: &[u8]) -> u64 {
            let mut sum = 0;
            for chunk in bytes.chunks(24) {
                let text = String::from_utf8_lossy(chunk).into_owned();
                sum += self.handler.handle(&super::Message { text, at: self.seen });
                self.seen += 1;
            }
            sum
        }
    }
}

pub struct Message {
    text: String,
    at: u64,
}

impl fmt::Display for Message {
    #[inline(never)]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.text)
    }
}

#[derive(Default)]
struct Book {
    levels: BTreeMap<u64, Vec<String>>,
}

impl feed::Handler for Book {
    #[inline(never)]
    fn handle(&mut self, message: &Message) -> u64 {
        let price = message.text.bytes().fold(7u64, |a, b| a.wrapping_mul(31) ^ u64::from(b)) % 64;
        self.levels.entry(price).or_default().push(message.to_string());
        price
    }
}

#[derive(Default)]
struct Counter {
    words: HashMap<String, usize>,
}

impl feed::Handler for Counter {
    #[inline(never)]
    fn handle(&mut self, message: &Message) -> u64 {
        *self.words.entry(message.text.clone()).or_insert(0) += 1;
        self.words.len() as u64
    }
}

#[inline(never)]
fn sorted_by<T: Clone, K: Ord, F: Fn(&T) -> K>(items: &[T], key: F) -> Vec<T> {
    let mut all = items.to_vec();
    all.sort_by_key(|item| key(item));
    all
}

#[inline(never)]
fn run_all(rules: &[Box<dyn Fn(&str) -> usize>], lines: &[String]) -> usize {
    lines.iter().map(|line| rules.iter().map(|rule| rule(line)).sum::<usize>()).sum()
}

fn main() {
    let bytes: Vec<u8> = (0..24_000u32).map(|i| b'a' + (i * 7 % 23) as u8).collect();
    let mut books = feed::Decoder { handler: Book::default(), seen: 0 };
    let mut counts = feed::Decoder { handler: Counter::default(), seen: 0 };
    let rules: Vec<Box<dyn Fn(&str) -> usize>> = vec![
        Box::new(|line| line.matches("abc").count()),
        Box::new(|line| line.split(':').map(|part| part.trim().len()).sum()),
    ];
    let mut total = 0;

    for _ in 0..20 {
        total += books.decode(&bytes) + counts.decode(&bytes);
    }
    let lines: Vec<String> = books.handler.levels.values().flatten().cloned().collect();
    total += run_all(&rules, &lines) as u64;
    for _ in 0..3 {
        total += sorted_by(&lines, |line| line.len()).len() as u64;
        total += sorted_by(&lines, |line| line.bytes().rev().collect::<Vec<u8>>()).len() as u64;
    }
    std::mem::forget(books.handler.levels.into_values().collect::<Vec<_>>());
    std::process::exit(i32::from(total == 0));
}
