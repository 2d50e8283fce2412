// What a page needs to be a peer: yjs and the official y-webrtc client, in one script that defines `Peers`.
export { Doc } from 'yjs';
export { WebrtcProvider } from 'y-webrtc';
