//! The page's server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvError, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

const HTML: &str = include_str!("page.html");
/// The longest answer of the page that is read.
const MAX_ANSWER: u64 = 64 * 1024;
/// How long a connection may take to say what it wants: some are made to be there when they are needed.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// A page that is served until the test ends.
pub(super) struct Page {
    address: String,
    orders: SyncSender<String>,
    answers: Receiver<Value>,
    limit: Duration,
}

impl Page {
    /// Listens on a port of this machine that is free. `limit`: how long the page may take for an answer.
    pub(super) fn serve(limit: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let (orders, next_order) = sync_channel(1);
        let (sender, answers) = channel();
        let next_order = Arc::new(Mutex::new(next_order));
        // Ends with the process of the tests, as all who wait for its connections do.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (next_order, sender) = (next_order.clone(), sender.clone());
                std::thread::spawn(move || {
                    // Whoever goes away in between has nothing to be answered.
                    let _ = answer(stream, &next_order, |value| sender.send(value).is_ok());
                });
            }
        });
        Self { address, orders, answers, limit }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// What the page answers to the order; `None` when it does not.
    pub(super) fn ask(&self, order: &str) -> Option<Value> {
        self.orders.send(order.to_owned()).ok()?;
        self.answers.recv_timeout(self.limit).ok()
    }
}

fn answer(
    mut stream: TcpStream,
    next_order: &Mutex<Receiver<String>>,
    take: impl FnOnce(Value) -> bool,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(REQUEST_LIMIT))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let (kind, body) = match first.split_whitespace().nth(1) {
        Some("/") => ("text/html", HTML.to_owned()),
        Some("/order") => match next_order.lock().expect("no panic").recv() {
            Ok(order) => ("text/plain", order),
            // The test has ended.
            Err(RecvError) => return Ok(()),
        },
        Some("/answer") => {
            let mut text = String::new();
            reader.take(length.min(MAX_ANSWER)).read_to_string(&mut text)?;
            take(serde_json::from_str(&text).unwrap_or(Value::Null));
            ("text/plain", String::new())
        }
        _ => ("text/plain", String::new()),
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
