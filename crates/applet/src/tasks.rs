//! What runs beside the relay in its thread: short steps that wait for programs on the bus, for a thread, or for time.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use async_executor::{LocalExecutor, Task};
use async_io::Timer;
use futures_lite::future;

/// The tasks of one thread; those of one clone are those of all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tasks(Rc<LocalExecutor<'static>>);

impl Tasks {
    /// Begins a task with the loop's next turn; it ends by itself.
    pub(crate) fn run(&self, task: impl Future<Output = ()> + 'static) {
        self.0.spawn(task).detach();
    }

    /// Begins a task that ends when the handle is dropped, if not before.
    pub(crate) fn run_while_held<T: 'static>(&self, task: impl Future<Output = T> + 'static) -> Task<T> {
        self.0.spawn(task)
    }

    /// Carries them out while `until` is not ready.
    pub(crate) async fn carry_out<T>(&self, until: impl Future<Output = T>) -> T {
        self.0.run(until).await
    }
}

/// What `work` comes to; `None`: not in this time.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let late = async {
        Timer::after(limit).await;
        None
    };
    future::or(async { Some(work.await) }, late).await
}
