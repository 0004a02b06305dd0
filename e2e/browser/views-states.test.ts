// Every view of this part to axe, in every state.
import { judgeViews } from './views-of.ts';

judgeViews('states');
