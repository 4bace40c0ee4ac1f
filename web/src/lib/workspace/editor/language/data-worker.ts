// The worker in which JSON and YAML are read.

import { serve } from '../../workers/serve.ts';
import { methods } from './data.ts';

serve(methods);
