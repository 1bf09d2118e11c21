//! Structures and request codes of `linux/videodev2.h`.

use std::ffi::{c_int, c_long};

use rustix::ioctl::{Opcode, opcode};

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawCapability {
    pub(super) driver: [u8; 16],
    pub(super) card: [u8; 32],
    pub(super) bus_info: [u8; 32],
    pub(super) version: u32,
    pub(super) capabilities: u32,
    pub(super) device_caps: u32,
    pub(super) reserved: [u32; 3],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawPixFormat {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixelformat: u32,
    pub(super) field: u32,
    pub(super) bytesperline: u32,
    pub(super) sizeimage: u32,
    pub(super) colorspace: u32,
    pub(super) private: u32,
    pub(super) flags: u32,
    pub(super) ycbcr_enc: u32,
    pub(super) quantization: u32,
    pub(super) xfer_func: u32,
}

/// The union holds pointers on some kernels' ABI, hence its alignment.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct RawFormatUnion {
    pub(super) pix: RawPixFormat,
    pub(super) rest: [u8; 152],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawFormat {
    pub(super) kind: u32,
    pub(super) fmt: RawFormatUnion,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawRequestBuffers {
    pub(super) count: u32,
    pub(super) kind: u32,
    pub(super) memory: u32,
    pub(super) capabilities: u32,
    pub(super) flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawTimeval {
    pub(super) tv_sec: c_long,
    pub(super) tv_usec: c_long,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawBuffer {
    pub(super) index: u32,
    pub(super) kind: u32,
    pub(super) bytesused: u32,
    pub(super) flags: u32,
    pub(super) field: u32,
    pub(super) timestamp: RawTimeval,
    pub(super) timecode: [u32; 4],
    pub(super) sequence: u32,
    pub(super) memory: u32,
    pub(super) m: usize,
    pub(super) length: u32,
    pub(super) reserved2: u32,
    pub(super) request_fd: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawStreamParm {
    pub(super) kind: u32,
    pub(super) capability: u32,
    pub(super) mode: u32,
    pub(super) numerator: u32,
    pub(super) denominator: u32,
    pub(super) rest: [u8; 184],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawControl {
    pub(super) id: u32,
    pub(super) value: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct RawEvent {
    pub(super) kind: u32,
    pub(super) payload: RawEventUnion,
    pub(super) pending: u32,
    pub(super) sequence: u32,
    pub(super) timestamp: [c_long; 2],
    pub(super) id: u32,
    pub(super) reserved: [u32; 8],
}

#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct RawEventUnion {
    pub(super) data: [u32; 16],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(super) struct RawEventSubscription {
    pub(super) kind: u32,
    pub(super) id: u32,
    pub(super) flags: u32,
    pub(super) reserved: [u32; 5],
}

pub(super) const V: u8 = b'V';
pub(super) const QUERYCAP: Opcode = opcode::read::<RawCapability>(V, 0);
pub(super) const G_FMT: Opcode = opcode::read_write::<RawFormat>(V, 4);
pub(super) const S_FMT: Opcode = opcode::read_write::<RawFormat>(V, 5);
pub(super) const REQBUFS: Opcode = opcode::read_write::<RawRequestBuffers>(V, 8);
pub(super) const QUERYBUF: Opcode = opcode::read_write::<RawBuffer>(V, 9);
pub(super) const QBUF: Opcode = opcode::read_write::<RawBuffer>(V, 15);
pub(super) const DQBUF: Opcode = opcode::read_write::<RawBuffer>(V, 17);
pub(super) const STREAMON: Opcode = opcode::write::<c_int>(V, 18);
pub(super) const STREAMOFF: Opcode = opcode::write::<c_int>(V, 19);
pub(super) const G_PARM: Opcode = opcode::read_write::<RawStreamParm>(V, 21);
pub(super) const S_PARM: Opcode = opcode::read_write::<RawStreamParm>(V, 22);
pub(super) const G_CTRL: Opcode = opcode::read_write::<RawControl>(V, 27);
pub(super) const S_CTRL: Opcode = opcode::read_write::<RawControl>(V, 28);
pub(super) const DQEVENT: Opcode = opcode::read::<RawEvent>(V, 89);
pub(super) const SUBSCRIBE_EVENT: Opcode = opcode::write::<RawEventSubscription>(V, 90);

const _: () = {
    assert!(size_of::<RawCapability>() == 104);
    assert!(size_of::<RawPixFormat>() == 48);
    assert!(size_of::<RawRequestBuffers>() == 20);
    assert!(size_of::<RawStreamParm>() == 204);
    assert!(size_of::<RawControl>() == 8);
    assert!(size_of::<RawEventSubscription>() == 32);
    if cfg!(target_pointer_width = "64") {
        assert!(size_of::<RawFormat>() == 208);
        assert!(size_of::<RawBuffer>() == 88);
        assert!(size_of::<RawEvent>() == 136);
    }
};
