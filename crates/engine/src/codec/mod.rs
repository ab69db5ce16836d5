//! Batches and history segments as bytes.

mod frame;
mod pack;
mod payloads;
mod records;

pub use frame::{
    BatchHeader, CodecError, FORMAT, decode_batch, decode_batch_up_to, encode_batch, verify_batch,
};
pub use pack::{Packer, plain_history, state_in, unpack_history};
pub use payloads::{blobs_named, blobs_of, payloads_of, payloads_of_fact, payloads_of_start};
pub use records::RecordBatch;
