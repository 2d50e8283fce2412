// What the screens work with: the models, the renderer, the way to another screen. Put together in main.tsx.
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { AccountModel } from '../model/account.ts';
import type { CapturesModel } from '../model/captures.ts';
import type { ExportWish } from '../model/exports.ts';
import type { ImportsModel } from '../model/imports.ts';
import type { LibraryModel } from '../model/library.ts';
import type { LiveModel } from '../model/live.ts';
import type { PlacesModel } from '../model/places.ts';
import type { PresenceModel } from '../model/presence.ts';
import type { QueueModel } from '../model/queue.ts';
import type { Message, ReaderModel } from '../model/reader.ts';
import type { SearchModel } from '../model/search.ts';
import type { SearchesModel } from '../model/searches.ts';
import type { SessionModel } from '../model/session.ts';
import type { SharingModel } from '../model/sharing.ts';
import type { StorageModel } from '../model/storage.ts';
import type { ViewModel } from '../model/view.ts';
import type { Renderer } from '../ui/render/renderer.ts';
import type { Navigation } from './navigation.ts';

export interface App {
    session: SessionModel;
    view: ViewModel;
    library: LibraryModel;
    captures: CapturesModel;
    queue: QueueModel;
    reader: ReaderModel;
    search: SearchModel;
    searches: SearchesModel;
    places: PlacesModel;
    account: AccountModel;
    sharing: SharingModel;
    presence: PresenceModel;
    live: LiveModel;
    renderer: Renderer;
    copyConversation: (id: string) => Promise<string>; // as Markdown, into the clipboard; what to say of it
    exportSize: (wish: ExportWish) => Promise<string | null>; // about, in words
    copyMessage: (message: Message) => Promise<boolean>;
    print: () => Promise<void>;
    navigation: Navigation;
    storage: StorageModel;
    imports: () => Promise<ImportsModel>; // loaded when it is first asked for; then always the same
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
    const app = useContext(AppContext);
    if (!app) throw new Error('a screen outside of the app');
    return app;
}
