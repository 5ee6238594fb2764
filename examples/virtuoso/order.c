#include "order.h"
#include "json.h"
#include "text.h"

#include <errno.h>
#include <string.h>

static const char *const status_names[VIRT_STATUS_NR] = {
    [VIRT_STATUS_NEW] = "New",
    [VIRT_STATUS_FILLED] = "Filled",
    [VIRT_STATUS_CANCELED] = "Cancelled",
    [VIRT_STATUS_REJECTED] = "Rejected",
};

char *virt_request_text(const struct virt_request *request)
{
	struct virt_text text = {0};

	virt_text_addf(&text, "{");
	virt_text_string(&text, "op", request->is_cancel ? "order.cancel" : "order.create");
	virt_text_string(&text, "orderLinkId", request->id);
	virt_text_string(&text, "symbol", request->symbol);
	if (!request->is_cancel) {
		virt_text_string(&text, "side", request->is_buy ? "Buy" : "Sell");
		virt_text_string(&text, "orderType", request->is_market ? "Market" : "Limit");
		virt_text_string(&text, "timeInForce", request->is_market ? "IOC" : "PostOnly");
		virt_text_decimal(&text, "price", request->price, 4);
		virt_text_decimal(&text, "qty", request->qty, 6);
	}
	virt_text_whole(&text, "ts", request->ts_ms);
	virt_text_addf(&text, "}");
	return virt_text_take(&text);
}

char *virt_report_text(const struct virt_report *report)
{
	struct virt_text text = {0};

	virt_text_addf(&text, "{");
	virt_text_string(&text, "topic", "order");
	virt_text_string(&text, "orderLinkId", report->id);
	virt_text_string(&text, "symbol", report->symbol);
	virt_text_string(&text, "side", report->is_buy ? "Buy" : "Sell");
	virt_text_string(&text, "orderStatus", status_names[report->status]);
	if (report->status == VIRT_STATUS_FILLED) {
		virt_text_decimal(&text, "avgPrice", report->price, 6);
		virt_text_decimal(&text, "cumExecQty", report->qty, 6);
		virt_text_decimal(&text, "cumExecFee", report->fee, 6);
	}
	if (*report->reason)
		virt_text_string(&text, "rejectReason", report->reason);
	virt_text_whole(&text, "ts", report->ts_ms);
	virt_text_addf(&text, "}");
	return virt_text_take(&text);
}

/* Copies a text member; false when it is empty or too long. */
static bool copy_text(const struct virt_json *json, const char *key, char *out, size_t size)
{
	const char *text = virt_json_text(json, key);
	size_t len = strlen(text);

	if (!len || len >= size)
		return false;
	memcpy(out, text, len + 1);
	return true;
}

static bool read_request(const struct virt_json *json, struct virt_request *out)
{
	const char *op = virt_json_text(json, "op");

	out->is_cancel = !strcmp(op, "order.cancel");
	out->is_buy = !strcmp(virt_json_text(json, "side"), "Buy");
	out->is_market = !strcmp(virt_json_text(json, "orderType"), "Market");
	out->price = virt_json_number(json, "price");
	out->qty = virt_json_number(json, "qty");
	out->ts_ms = (int64_t)virt_json_number(json, "ts");
	return (out->is_cancel || !strcmp(op, "order.create")) &&
	       copy_text(json, "orderLinkId", out->id, sizeof(out->id)) &&
	       copy_text(json, "symbol", out->symbol, sizeof(out->symbol));
}

int virt_request_parse(const char *text, struct virt_request *out)
{
	struct virt_json *json;
	int err = virt_json_parse(text, &json);

	if (err)
		return err;
	if (!read_request(json, out))
		err = -EBADMSG;
	virt_json_free(json);
	return err;
}

static bool read_status(const struct virt_json *json, enum virt_status *out)
{
	const char *name = virt_json_text(json, "orderStatus");

	for (int i = 0; i < VIRT_STATUS_NR; i++) {
		if (!strcmp(name, status_names[i])) {
			*out = (enum virt_status)i;
			return true;
		}
	}
	return false;
}

static bool read_report(const struct virt_json *json, struct virt_report *out)
{
	out->is_buy = !strcmp(virt_json_text(json, "side"), "Buy");
	out->price = virt_json_number(json, "avgPrice");
	out->qty = virt_json_number(json, "cumExecQty");
	out->fee = virt_json_number(json, "cumExecFee");
	out->ts_ms = (int64_t)virt_json_number(json, "ts");
	if (!copy_text(json, "rejectReason", out->reason, sizeof(out->reason)))
		out->reason[0] = '\0';
	return read_status(json, &out->status) &&
	       copy_text(json, "orderLinkId", out->id, sizeof(out->id)) &&
	       copy_text(json, "symbol", out->symbol, sizeof(out->symbol));
}

int virt_report_parse(const char *text, struct virt_report *out)
{
	struct virt_json *json;
	int err = virt_json_parse(text, &json);

	if (err)
		return err;
	if (!read_report(json, out))
		err = -EBADMSG;
	virt_json_free(json);
	return err;
}
