// What one may subscribe to: one thing of a kind that the server's tables know. A kind that they do not know is no type here.
import type { Schemas } from '../api/types.ts';

export type Entity = Schemas['Entity'];
export type ShareableEntity = Schemas['ShareableEntity'];
export type Topic = `${Entity}:${string}`;

export const topicOf = <E extends Entity>(entity: E, id: string): `${E}:${string}` => `${entity}:${id}`;

// The id in a topic of this kind; null in another one.
export const idIn = (topic: string, entity: Entity): string | null => (topic.startsWith(`${entity}:`) ? topic.slice(entity.length + 1) : null);
