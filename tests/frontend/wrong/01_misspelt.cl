// Names that are almost right: a builtin, a variable, a field, a type, a component.
typedef struct { float mass; float3 velocity; } Particle;

kernel void advance(global Particle *particles, float step) {
    size_t id = get_globl_id(0);
    Partcle here = particles[id];
    here.velocty *= stpe;
    float4 colour = (float4)(1.0f);
    colour.xw = colour.xq;
    particles[id] = here;
}
