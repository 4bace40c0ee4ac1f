// The worker in which Dockerfiles are read.

import './buffer.ts';
import { serve } from '../../workers/serve.ts';
import { methods } from './dockerfile.ts';

serve(methods);
