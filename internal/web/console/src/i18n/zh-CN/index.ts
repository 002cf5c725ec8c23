import auth from "./auth";
import common from "./common";
import conversations from "./conversations";
import documents from "./documents";
import errors from "./errors";
import overview from "./overview";
import prompts from "./prompts";
import receipt from "./receipt";
import settings from "./settings";

export default { common, auth, overview, documents, prompts, conversations, receipt, settings, errors };
