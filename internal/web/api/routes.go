package api

import (
	"net/http"

	"github.com/parley-im/parley/internal/auth"
	"github.com/parley-im/parley/internal/web/endpoint"
	"github.com/parley-im/parley/internal/web/library"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// routes is the table of all operations: method, path, who may, name, handler.
func (a *API) routes(l *library.Library) {
	endpoint.Add(a.Mux, get, "/setup", auth.Public, "setup-needed", "Is the first user still to be made?", a.setupNeeded)
	endpoint.Add(a.Mux, post, "/setup", auth.Public, "set-up", "Make the first user, with the one-time token", a.setUp, endpoint.Created)

	endpoint.Add(a.Mux, post, "/session", auth.Public, "sign-in", "Sign in", a.signIn)
	endpoint.Add(a.Mux, get, "/session", auth.SignedIn, "session", "Who is signed in, and what this server has", a.session)
	endpoint.Add(a.Mux, remove, "/session", auth.SignedIn, "sign-out", "Sign out", a.signOut)
	endpoint.Add(a.Mux, post, "/session/password", auth.SignedIn, "change-password", "Change one's own password", a.changePassword)

	endpoint.Add(a.Mux, get, "/users", auth.UsersWrite, "list-users", "List the staff", a.listUsers)
	endpoint.Add(a.Mux, post, "/users", auth.UsersWrite, "create-user", "Add a member of staff", a.createUser, endpoint.Created)
	endpoint.Add(a.Mux, patch, "/users/{id}", auth.UsersWrite, "update-user", "Change a member of staff", a.updateUser)
	endpoint.Add(a.Mux, remove, "/users/{id}", auth.UsersWrite, "delete-user", "Remove a member of staff", a.deleteUser)

	endpoint.Add(a.Mux, get, "/keys", auth.KeysWrite, "list-keys", "List the API keys", a.listKeys)
	endpoint.Add(a.Mux, post, "/keys", auth.KeysWrite, "create-key", "Make an API key; its secret is shown once", a.createKey, endpoint.Created)
	endpoint.Add(a.Mux, remove, "/keys/{id}", auth.KeysWrite, "delete-key", "Revoke an API key", a.deleteKey)

	endpoint.Add(a.Mux, get, "/collections", auth.DocumentsRead, "list-collections", "List the collections", l.ListCollections)
	endpoint.Add(a.Mux, post, "/collections", auth.CollectionsWrite, "create-collection", "Make a collection", l.CreateCollection, endpoint.Created)
	endpoint.Add(a.Mux, patch, "/collections/{id}", auth.CollectionsWrite, "update-collection", "Rename a collection or change its note", l.UpdateCollection)
	endpoint.Add(a.Mux, remove, "/collections/{id}", auth.CollectionsWrite, "delete-collection", "Delete a collection with all its documents", l.DeleteCollection)

	endpoint.Add(a.Mux, get, "/collections/{id}/documents", auth.DocumentsRead, "list-documents", "List the documents of a collection", l.ListDocuments)
	endpoint.Add(a.Mux, post, "/collections/{id}/documents", auth.DocumentsWrite, "upload-document", "Upload a file: 201 for a new document or version, 200 if nothing changed", l.UploadDocument, endpoint.Created, endpoint.Slow)
	endpoint.Add(a.Mux, get, "/documents/{id}", auth.DocumentsRead, "get-document", "One document", l.GetDocument)
	endpoint.Add(a.Mux, patch, "/documents/{id}", auth.DocumentsWrite, "update-document", "Change title, labels or address", l.UpdateDocument)
	endpoint.Add(a.Mux, remove, "/documents/{id}", auth.DocumentsWrite, "delete-document", "Delete a document with all its versions", l.DeleteDocument)
	endpoint.Add(a.Mux, post, "/documents/{id}/retry", auth.DocumentsWrite, "retry-document", "Read a failed document again", l.RetryDocument)
	endpoint.Add(a.Mux, post, "/documents/{id}/cancel", auth.DocumentsWrite, "cancel-document", "Stop reading a document", l.CancelDocument)
	endpoint.Add(a.Mux, get, "/documents/{id}/file", auth.DocumentsRead, "get-document-file", "Download the file as it was uploaded", l.DownloadDocument)
	endpoint.Add(a.Mux, get, "/documents/{id}/chunks", auth.DocumentsRead, "list-chunks", "The pieces of the live version, in order", l.ListChunks)
	endpoint.Add(a.Mux, post, "/search", auth.Search, "search", "Find passages for a question, with their scores", l.Search, endpoint.Unrecorded)

	endpoint.Add(a.Mux, get, "/prompts", auth.PromptsRead, "list-prompts", "List the prompts with their active versions", a.listPrompts)
	endpoint.Add(a.Mux, get, "/prompts/{name}/versions", auth.PromptsRead, "list-prompt-versions", "All versions of a prompt, newest first", a.listPromptVersions)
	endpoint.Add(a.Mux, post, "/prompts/{name}/versions", auth.PromptsWrite, "save-prompt", "Save a new version; it is not active yet", a.savePrompt, endpoint.Created)
	endpoint.Add(a.Mux, post, "/prompts/{name}/check", auth.PromptsRead, "check-prompt", "Does a draft render?", a.checkPrompt, endpoint.Unrecorded)
	endpoint.Add(a.Mux, post, "/prompts/{name}/activate", auth.PromptsWrite, "activate-prompt", "Let a version answer from now on; 0 is the default", a.activatePrompt)
	endpoint.Add(a.Mux, get, "/prompts/{name}/diff", auth.PromptsRead, "diff-prompt", "What changed between two versions", a.diffPrompt)
	endpoint.Add(a.Mux, post, "/try", auth.Try, "try", "Answer a question with a draft prompt; nothing is stored", a.try, endpoint.Unrecorded, endpoint.Slow)

	endpoint.Add(a.Mux, get, "/conversations", auth.ConversationsRead, "list-conversations", "List conversations, latest first", a.listConversations)
	endpoint.Add(a.Mux, get, "/conversations/{id}", auth.ConversationsRead, "get-conversation", "One conversation, turn by turn", a.getConversation)
	endpoint.Add(a.Mux, get, "/answers/{reply_key}", auth.ConversationsRead, "get-receipt", "How one answer came about", a.getReceipt)
	endpoint.Add(a.Mux, get, "/overview", auth.OverviewRead, "overview", "Figures by day, and how the channels are", a.overview)
	endpoint.Add(a.Mux, get, "/channels", auth.OverviewRead, "list-channels", "How the channels are", a.listChannels)
	endpoint.Add(a.Mux, get, "/system", auth.OverviewRead, "system", "The database and Redis, and what should be changed about them", a.system)

	endpoint.Add(a.Mux, get, "/embedding-models", auth.ChannelsWrite, "list-embedding-models", "List the embedding models, with how far each is", a.listEmbeddingModels)
	endpoint.Add(a.Mux, post, "/embedding-models/serve", auth.ChannelsWrite, "serve-embedding-model", "Let a model answer whose vectors are complete: the new one, or the one before", a.serveEmbeddingModel)
	endpoint.Add(a.Mux, post, "/embedding-models/forget", auth.ChannelsWrite, "forget-embedding-model", "Remove the vectors of a model", a.forgetEmbeddingModel)

	endpoint.Add(a.Mux, get, "/openapi.json", auth.Public, "openapi", "This document", a.openAPI)
}
