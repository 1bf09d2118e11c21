//! From the pipeline's frames to the slots: which frames pass, where they are written, and how they are sent.

pub(crate) mod delivery;
pub(crate) mod frame_filter;
pub(crate) mod rate_limiter;
pub(crate) mod slot_pool;
pub(crate) mod slot_sink;
