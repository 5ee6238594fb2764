/* A scene as a file.  The PNG is cairo's.  The SVG is written here, because
 * cairo turns text into outlines there: it could neither be searched nor read
 * aloud, and would be ten times as large. */
#include <cairo/cairo.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/quote.h"
#include "output/chart_scene.h"

static void set_rgb(cairo_t *cairo, uint32_t rgb)
{
	cairo_set_source_rgb(cairo, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
			     (rgb & 255) / 255.0);
}

static void draw_shape(cairo_t *cairo, const struct vr_scene_shape *shape)
{
	set_rgb(cairo, shape->rgb);
	cairo_new_path(cairo);
	for (size_t i = 0; i < shape->points; i++)
		cairo_line_to(cairo, shape->xy[2 * i], shape->xy[2 * i + 1]);
	if (shape->filled) {
		cairo_close_path(cairo);
		cairo_fill(cairo);
	} else {
		cairo_set_line_width(cairo, shape->line);
		cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
		cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
		cairo_stroke(cairo);
	}
}

static void draw_text(cairo_t *cairo, const struct vr_scene_text *text)
{
	double before = text->anchor == VR_ANCHOR_START	   ? 0
			: text->anchor == VR_ANCHOR_MIDDLE ? text->width / 2
							   : text->width;

	cairo_save(cairo);
	set_rgb(cairo, text->rgb);
	cairo_select_font_face(cairo, VR_CHART_FONT, CAIRO_FONT_SLANT_NORMAL,
			       text->bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(cairo, text->size);
	cairo_translate(cairo, text->x, text->y);
	if (text->vertical)
		cairo_rotate(cairo, -M_PI / 2);
	cairo_move_to(cairo, -before, 0);
	cairo_show_text(cairo, text->text);
	cairo_restore(cairo);
}

static cairo_status_t put_bytes(void *file, const unsigned char *bytes, unsigned length)
{
	return fwrite(bytes, 1, length, file) == length ? CAIRO_STATUS_SUCCESS
							: CAIRO_STATUS_WRITE_ERROR;
}

static int write_png(const struct vr_scene *scene, FILE *out)
{
	cairo_surface_t *surface =
	    cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)scene->width, (int)scene->height);
	cairo_t *cairo = cairo_create(surface);
	cairo_status_t status;

	set_rgb(cairo, 0xffffff);
	cairo_paint(cairo);
	for (size_t i = 0; i < scene->shapes; i++)
		draw_shape(cairo, &scene->shape[i]);
	for (size_t i = 0; i < scene->texts; i++)
		draw_text(cairo, &scene->text[i]);
	status = cairo_status(cairo);
	cairo_destroy(cairo);
	errno = 0;
	if (!status)
		status = cairo_surface_write_to_png_stream(surface, put_bytes, out);
	cairo_surface_destroy(surface);
	return !status ? 0 : errno ? -errno : status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

static void put_shape(FILE *out, const struct vr_scene_shape *shape)
{
	fprintf(out,
		shape->filled ? "<polygon fill=\"#%06x\" points=\""
			      : "<polyline fill=\"none\" stroke=\"#%06x\" points=\"",
		shape->rgb);
	for (size_t i = 0; i < shape->points; i++)
		fprintf(out, "%s%.2f,%.2f", i ? " " : "", shape->xy[2 * i], shape->xy[2 * i + 1]);
	if (shape->filled)
		fputs("\"/>\n", out);
	else
		fprintf(out,
			"\" stroke-width=\"%g\" stroke-linejoin=\"round\" "
			"stroke-linecap=\"round\"/>\n",
			shape->line);
}

/* textLength keeps the text in its room, whatever font there is. */
static void put_text(FILE *out, const struct vr_scene_text *text)
{
	static const char *const anchor[] = {"start", "middle", "end"};

	if (!text->text[0])
		return;
	fprintf(out, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%g\" fill=\"#%06x\" ", text->x,
		text->y, text->size, text->rgb);
	fprintf(out, "text-anchor=\"%s\" textLength=\"%.2f\" lengthAdjust=\"spacingAndGlyphs\"",
		anchor[text->anchor], text->width);
	if (text->bold)
		fputs(" font-weight=\"bold\"", out);
	if (text->vertical)
		fprintf(out, " transform=\"rotate(-90 %.2f %.2f)\"", text->x, text->y);
	fputc('>', out);
	vr_quote_xml(out, text->text);
	fputs("</text>\n", out);
}

static int write_svg(const struct vr_scene *scene, FILE *out)
{
	errno = 0;
	fprintf(
	    out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
	    "viewBox=\"0 0 %.0f %.0f\" font-family=\"" VR_CHART_FONT ", sans-serif\" "
	    "xml:space=\"preserve\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
	    scene->width, scene->height, scene->width, scene->height);
	for (size_t i = 0; i < scene->shapes; i++)
		put_shape(out, &scene->shape[i]);
	for (size_t i = 0; i < scene->texts; i++)
		put_text(out, &scene->text[i]);
	fputs("</svg>\n", out);
	return !ferror(out) ? 0 : errno ? -errno : -EIO;
}

static int write_file(const struct vr_chart *chart, const char *path,
		      int (*write)(const struct vr_scene *, FILE *))
{
	struct stat before;
	int existed = stat(path, &before) == 0;
	FILE *out = fopen(path, "wb");
	struct vr_scene *scene;
	int ret;

	if (!out)
		return -errno;
	scene = vr_chart_layout(chart);
	ret = write(scene, out);
	vr_scene_free(scene);
	if (fclose(out) && !ret)
		ret = -errno;
	if (ret && !existed)
		unlink(path);
	return ret;
}

int vr_chart_png(const struct vr_chart *chart, const char *path)
{
	return write_file(chart, path, write_png);
}

int vr_chart_svg(const struct vr_chart *chart, const char *path)
{
	return write_file(chart, path, write_svg);
}
