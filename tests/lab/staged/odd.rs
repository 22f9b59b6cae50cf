pub const STAGES: &[crate::lab::Stage] = &[];
