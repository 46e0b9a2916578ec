//! What the chains say, from nodes that are good, dead, slow, lying, or of another chain.

mod answers;
mod evm;
mod nodes;
