// The attacks go against what people run: the release build.
import { startServer } from '../lib/server.mjs';

export const RELEASE = 'build/release/vivim';
export const startRelease = (options = {}) => startServer({ ...options, binary: RELEASE });
