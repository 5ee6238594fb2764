// What Rust's standard library waits with: each in a function of its own, with 2, 20 and
// 200 ms.  Says what each was, as waits_known.c does; built by waits_known.sh.
use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

fn timed<T>(name: &str, kind: &str, bytes: usize, call: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let result = call();
    let ns = begin.elapsed().as_nanos();
    println!("{{\"case\":\"{name}\",\"kind\":\"{kind}\",\"bytes\":{bytes},\"ns\":{ns}}}");
    result
}

fn later(time: Duration, act: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(time);
        act()
    });
}

#[inline(never)]
fn call_sleep(time: Duration) {
    thread::sleep(time);
    black_box(time);
}
#[inline(never)]
fn call_file_read(file: &mut File, to: &mut [u8]) -> usize {
    file.read(to).unwrap()
}
#[inline(never)]
fn call_file_open(path: &str) -> File {
    File::open(path).unwrap()
}
#[inline(never)]
fn call_socket_read(socket: &mut UnixStream, to: &mut [u8]) -> usize {
    socket.read(to).unwrap()
}
#[inline(never)]
fn call_accept(listener: &TcpListener) -> TcpStream {
    listener.accept().unwrap().0
}
#[inline(never)]
fn call_child_wait(child: &mut Child) -> bool {
    child.wait().unwrap().success()
}
#[inline(never)]
fn call_mutex_lock(mutex: &Mutex<u32>) -> u32 {
    *mutex.lock().unwrap()
}
#[inline(never)]
fn call_condvar_wait(pair: &(Mutex<bool>, Condvar)) {
    let guard = pair.0.lock().unwrap();
    drop(pair.1.wait(guard).unwrap())
}
#[inline(never)]
fn call_channel_receive(receiver: &Receiver<u32>) -> u32 {
    receiver.recv().unwrap()
}
#[inline(never)]
fn call_park(time: Duration) {
    thread::park_timeout(time);
    black_box(time);
}

fn main() {
    let mut to = [0u8; 8];
    // The first use of each allocates what it keeps.
    for ms in [2u64, 20, 200] {
        let time = Duration::from_millis(ms);
        timed("call_sleep", "clock_nanosleep", 0, || call_sleep(time));
        timed("call_park", "futex", 0, || call_park(time));

        let path = std::env::temp_dir().join(format!("known.{}", std::process::id()));
        let path = path.to_str().unwrap().to_string();
        Command::new("mkfifo").arg(&path).status().unwrap();
        let writer = path.clone();
        later(time, move || {
            let mut file = File::create(writer).unwrap();
            thread::sleep(time);
            file.write_all(b"12345678").unwrap();
        });
        let mut file = timed("call_file_open", "open", 0, || call_file_open(&path));
        timed("call_file_read", "read", 8, || call_file_read(&mut file, &mut to));
        std::fs::remove_file(&path).unwrap();

        let (mut here, mut there) = UnixStream::pair().unwrap();
        later(time, move || there.write_all(b"12345678").unwrap());
        timed("call_socket_read", "recv", 8, || call_socket_read(&mut here, &mut to));

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        later(time, move || drop(TcpStream::connect(address).unwrap()));
        timed("call_accept", "accept4", 0, || call_accept(&listener));

        let mut child = Command::new("sleep").arg(format!("{}", ms as f64 / 1000.0)).spawn().unwrap();
        timed("call_child_wait", "waitpid", 0, || call_child_wait(&mut child));

        let mutex = Arc::new(Mutex::new(1));
        let held = mutex.clone();
        let (say, hear) = channel();
        thread::spawn(move || {
            let guard = held.lock().unwrap();
            say.send(1).unwrap();
            thread::sleep(time);
            drop(guard)
        });
        hear.recv().unwrap();
        timed("call_mutex_lock", "futex", 0, || call_mutex_lock(&mutex));

        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let waker = pair.clone();
        later(time, move || waker.1.notify_one());
        timed("call_condvar_wait", "futex", 0, || call_condvar_wait(&pair));

        let (send, receive) = channel();
        later(time, move || send.send(7).unwrap());
        timed("call_channel_receive", "futex", 0, || call_channel_receive(&receive));
    }
}
