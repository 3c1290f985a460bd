// What every page of the dashboard begins with. Each module does one thing; without them every page
// is whole, only not current by itself.

import { answers } from "./answer.js";
import { enter } from "./enter.js";
import { keys } from "./keys.js";
import { live } from "./live.js";
import { news } from "./news.js";
import { policy } from "./policy.js";
import { poll } from "./poll.js";
import { times } from "./time.js";

document.documentElement.classList.add("scripted");
enter();
times();
keys();
answers();
live();
news();
policy();
poll();
