// The worker in which texts are searched.

import { serve } from '../workers/serve.ts';
import { methods } from './search.ts';

serve(methods);
